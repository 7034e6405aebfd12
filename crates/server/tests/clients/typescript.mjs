// The official TypeScript SDKs as a program: lists the tools, calls two, says what came in one line of JSON.
// node --input-type=module - '{"sdk", "modern", "file", "transport", "url", "key" | "command", "environment"}' < …

const sdks = {
  // One package of many modules; every revision that begins with `initialize`.
  1: async () => ({
    ...(await import("@modelcontextprotocol/sdk/client/index.js")),
    ...(await import("@modelcontextprotocol/sdk/client/streamableHttp.js")),
    ...(await import("@modelcontextprotocol/sdk/client/sse.js")),
    ...(await import("@modelcontextprotocol/sdk/client/stdio.js")),
  }),
  // Its successor, which has 2026-07-28 as well.
  2: async () => ({
    ...(await import("@modelcontextprotocol/client")),
    ...(await import("@modelcontextprotocol/client/stdio")),
  }),
};

const asked = JSON.parse(process.argv[2]);
const sdk = await sdks[asked.sdk]();

function transport() {
  const options = { requestInit: { headers: { Authorization: `Bearer ${asked.key}` } } };
  switch (asked.transport) {
    case "streamable":
      return new sdk.StreamableHTTPClientTransport(new URL(asked.url), options);
    case "sse":
      return new sdk.SSEClientTransport(new URL(asked.url), options);
    case "stdio": {
      const [command, ...args] = asked.command;
      return new sdk.StdioClientTransport({ command, args, env: asked.environment, stderr: "inherit" });
    }
  }
}

const mode = asked.modern ? { pin: "2026-07-28" } : "legacy";
const client = new sdk.Client({ name: "clients-test", version: "1" }, { versionNegotiation: { mode } });
try {
  await client.connect(transport());
  const { tools } = await client.listTools();
  const me = await client.callTool({ name: "get_me", arguments: {} });
  const file = await client.callTool({ name: "get_file_contents", arguments: asked.file });
  console.log(JSON.stringify({ tools: tools.length, me: me.structuredContent, file: file.structuredContent }));
  await client.close();
} catch (error) {
  console.log(JSON.stringify({ refused: `${error}` }));
}
// An SDK may go on trying after it has thrown.
process.exit();
