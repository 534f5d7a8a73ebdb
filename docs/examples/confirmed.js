// Prints each card that is confirmed, and what lies in view whenever messages were missed.
//
//     npm install zeromq
//     node docs/examples/confirmed.js [ENDPOINT CONTROL]

const { Request, Subscriber } = require("zeromq");

const [endpoint = "tcp://127.0.0.1:5556", control = "tcp://127.0.0.1:5557"] = process.argv.slice(2);
const PROTOCOL = 2;

async function state() {
  const client = new Request({ receiveTimeout: 2000, linger: 0 });
  client.connect(control);
  try {
    await client.send(JSON.stringify({ command: "state" }));
    const reply = JSON.parse((await client.receive())[0]);
    if (!reply.ok) throw new Error(reply.error);
    return reply;
  } finally {
    client.close();
  }
}

async function follow() {
  const subscriber = new Subscriber();
  subscriber.connect(endpoint);
  subscriber.subscribe("card.", "health");

  let session = null;
  let newest = {}; // topic -> sequence of its newest message
  for await (const [topic, payload] of subscriber) {
    const message = JSON.parse(payload);
    if (message.protocol !== PROTOCOL) throw new Error(`the scanner speaks protocol ${message.protocol}`);
    let missed = message.session !== session;
    if (missed) [session, newest] = [message.session, {}];
    if (message.sequence <= newest[topic]) continue; // told again, as to whoever connects anew
    missed ||= message.sequence > (newest[topic] ?? message.sequence - 1) + 1;
    newest[topic] = message.sequence;
    for (const [name, sequence] of Object.entries(message.sequences ?? {})) {
      missed ||= sequence > (newest[name] ?? sequence);
      newest[name] = Math.max(sequence, newest[name] ?? sequence);
    }
    if (missed) console.log("in view:", ...(await state()).tracks.map((track) => track.card_id ?? "?"));
    if (message.topic === "card.confirmed") console.log("confirmed:", message.card_id, message.card.name);
  }
}

follow();
