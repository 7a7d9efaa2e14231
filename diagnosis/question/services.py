"""AWS service words as people write them, and what each says about the traffic.

The values are what `parse` prints for a party of kind `service`: lower case, without spaces.
"""

from __future__ import annotations

from typing import Final

_NETWORK_SERVICES: Final = """
rds=rds|amazon rds|relational database service aurora=aurora|aurora serverless rdsproxy=rds proxy|rdsproxy
elasticache=elasticache|elasti cache|elastic cache|elasticcache memorydb=memorydb|memory db redshift=redshift documentdb=documentdb|docdb|document db
neptune=neptune opensearch=opensearch|open search|opensearch service elasticsearchservice=elasticsearch service
msk=msk|managed kafka|managed streaming for kafka amazonmq=amazonmq|amazon mq keyspaces=keyspaces timestream=timestream dax=dax
alb=alb|application load balancer|albs|application loadbalancer nlb=nlb|network load balancer|nlbs|network loadbalancer
elb=elb|elbs|elastic load balancer|elastic load balancing|load balancer|loadbalancer|load balancers|load-balancer|elbv2
gwlb=gwlb|gateway load balancer clb=clb|classic load balancer
ec2=ec2|ec2s|elastic compute cloud lambda=lambda|lambdas ecs=ecs eks=eks fargate=fargate emr=emr glue=glue sagemaker=sagemaker beanstalk=beanstalk|elastic beanstalk
lightsail=lightsail workspaces=workspaces batch=aws batch apprunner=app runner|apprunner
efs=efs|elastic file system fsx=fsx
natgateway=nat gateway|natgateway|natgw|nat gw|nat-gateway|natgateways|nat gateways|nat transitgateway=transit gateway|tgw|transit-gateway
internetgateway=internet gateway|igw vpnservice=site-to-site vpn|client vpn directconnect=direct connect|directconnect
cloudfront=cloudfront globalaccelerator=global accelerator vpclattice=vpc lattice|lattice
"""

_API_SERVICES: Final = """
s3=s3|simple storage service dynamodb=dynamodb|dynamo db|dynamo|ddb ecr=ecr|elastic container registry
secretsmanager=secretsmanager|secrets manager|secret manager|secrets-manager
ssm=ssm|systems manager|systemsmanager|system manager|parameter store|session manager|ssm parameter store
sqs=sqs|simple queue service sns=sns|simple notification service kms=kms|key management service sts=sts|security token service
cloudwatch=cloudwatch|cloud watch cloudwatchlogs=cloudwatch logs|cloudwatchlogs cloudformation=cloudformation
cloudtrail=cloudtrail eventbridge=eventbridge|event bridge kinesis=kinesis|kinesis streams|kinesis data streams firehose=firehose|kinesis firehose|data firehose
stepfunctions=step functions|stepfunctions athena=athena apigateway=api gateway|apigateway|apigw bedrock=bedrock
codeartifact=codeartifact codebuild=codebuild codecommit=codecommit codedeploy=codedeploy codepipeline=codepipeline
cognito=cognito iam=iam acm=acm ses=ses xray=xray|x-ray appconfig=appconfig servicediscovery=cloud map|cloudmap textract=textract
rekognition=rekognition comprehend=comprehend guardduty=guardduty route53=route53|route 53 quicksight=quicksight transfer=transfer family
"""


def _by_phrase(table: str) -> dict[str, str]:
    """Return each phrase of the table with its canonical word; an entry runs to the next word that holds `=`."""
    phrases: dict[str, str] = {}
    entry = ""
    for word in [*table.split(), "="]:
        if "=" in word and entry:
            canonical, _, written = entry.partition("=")
            phrases.update((phrase.strip(), canonical) for phrase in written.split("|"))
            entry = ""
        entry = f"{entry} {word}" if entry else word
    return phrases


_APIS: Final = _by_phrase(_API_SERVICES)
SERVICE_PHRASES: Final = _by_phrase(_NETWORK_SERVICES) | _APIS
"""Every accepted phrase in lower case → the canonical service word."""

API_SERVICES: Final = frozenset(_APIS.values()) | {"lambda"}
"""Services that are called over HTTPS: as a destination they imply tcp 443, and what they hold has no address of its own."""

LONGEST_PHRASE: Final = max(len(phrase.split()) for phrase in SERVICE_PHRASES)

SERVICE_NOUNS: Final = frozenset(
    "bucket buckets table tables queue queues topic topics registry repository repositories repo repos image images secret secrets parameter"
    " parameters key keys domain domains collection stream streams function functions filesystem file-system file system systems mount target api apis endpoint endpoints"
    " cluster clusters task tasks pod pods proxy db dbs instance instances database databases server servers service services node nodes vm vms"
    " broker brokers cache replica reader writer listener volume share machine machines box boxes host hosts container containers object objects"
    " workgroup notebook job jobs gateway".split()
)
"""Nouns that may stand beside a service word without naming anything: "RDS database", "S3 bucket", "Lambda function"."""
