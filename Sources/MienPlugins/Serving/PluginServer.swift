package import MienHost
import MienMessages
package import MienWire

/// Serves a plugin to a host in another process: what `Host` is to its callers. For plugins in libraries, whose code knows nothing of the protocol.
package final class PluginServer: Sendable {
    private let endpoint: any PluginEndpoint
    private let connection: Connection

    /// - Parameters:
    ///   - input: Where the host's frames come from; with `output` the server's own from here on.
    ///   - version: Of this program.
    package init(_ endpoint: any PluginEndpoint, input: CInt, output: CInt, version: String, log: HostLog) {
        self.endpoint = endpoint
        var router = Router(log: log)
        router.add(PluginService.name, PluginService(endpoint).methods)
        connection = Connection(input: input, output: output, configuration: ConnectionConfiguration(role: .host, peerName: "mien-plugin", peerVersion: version)) {
            [router] (path) throws(CallError) in try router.handler(path)
        }
    }

    /// Serves until the connection ends. The endpoint is closed after that.
    package func serve() async -> ConnectionEnd {
        connection.start()
        let end = await connection.waitUntilEnded()
        await endpoint.close()
        return end
    }

    /// How long running questions may go on.
    private static let patience = Duration.seconds(2)

    /// Takes no further questions and lets the running ones end; `serve` returns after that.
    package func drain(reason: String) async { await connection.drain(limit: Self.patience, reason: reason) }
}
