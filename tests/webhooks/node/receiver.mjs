// A merchant's receiver as its developer would write it: the published library, the raw body, and nothing of ours.
// It prints its port, and then one line of JSON for each request.
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.argv[2]);

const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    let line;
    try {
      const event = webhook.verify(Buffer.concat(parts).toString("utf8"), request.headers);
      line = { verified: true, id: event.id, type: event.type };
    } catch (error) {
      line = { verified: false, error: String(error.message) };
    }
    console.log(JSON.stringify(line));
    response.writeHead(line.verified ? 204 : 400).end();
  });
});

server.listen(0, "127.0.0.1", () => console.log(server.address().port));
