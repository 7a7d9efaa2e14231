"""What is said in Slack, as values: an Answer becomes messages, modals, pictures and files. Pure; sends nothing.

Which module makes what:

- `message`: the values that come out: `Message` (`.payload()`), `View` (`.payload()`), `Reply` (messages and files),
  `Attachment`; and `SENT_WITH`, the arguments that every message is sent with.
- `controls`: the ids by which presses come back (`Action`, `Detail`, `Callback`, `Field`; `family`, `chosen`).
- `answers.answer_message`: the answer to a question. `who.who_reply`: the answer to a reverse question.
- `details.detail`: what a press shows of an answer: commands, six steps, diagram, trace, records, query, JSON.
- `progress`: `received`, `queued`, `working`, `stopped`, `failed`, `timed_out`, `interrupted`.
- `ask_back`: `which_party` (several fit), `unclear` (something is missing). `guidance.help_message`: help.
- `refusals`: `refused` (who may not ask, what is not shown), `rate_limited`.
- `forms`: `ask_form`, `form_faults`, `form_question`, `wrong_form`, `notice`. `home.home`: the App Home.
- `pictures.path.path_picture`, `pictures.decision.decision_picture`: SVG with alt text; `pictures.png.png`: its PNG.
- `ladder.ladder`: a message in ever plainer forms, for when Slack refuses one.
- `lint.faults`: what Slack would refuse in a payload; `limits` is its table, `rules` the table's vocabulary.

All text that comes from outside is made inert where a block is made (`blocks`, `text`).
"""
