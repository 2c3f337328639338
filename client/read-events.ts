/** Server-sent events of an answer, as they come. Leaving the loop ends the connection. */
export async function* readEvents(
  res: Response,
  begun: () => void,
): AsyncGenerator<{ event: string; data: unknown }, void, undefined> {
  begun(); // the time limit was for the beginning: a stream lasts as long as it has to tell something
  if (!res.body) return;
  const decoder = new TextDecoder();
  let held = "";
  for await (const chunk of res.body as unknown as AsyncIterable<Uint8Array>) {
    held += decoder.decode(chunk, { stream: true });
    const parts = held.split("\n\n");
    held = parts.pop() ?? "";
    for (const part of parts) {
      const lines = part.split("\n").filter((line) => !line.startsWith(":"));
      const field = (name: string) =>
        lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
      const data = field("data").join("\n");
      if (data !== "") yield { event: field("event")[0] ?? "message", data: JSON.parse(data) };
    }
  }
}
