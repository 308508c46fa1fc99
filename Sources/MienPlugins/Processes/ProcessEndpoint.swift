import MienEstimation
import MienHost
import MienMessages
import MienWire

/// A plugin in processes of its own.
final class ProcessEndpoint: PluginEndpoint {
    private let pool: ProcessPool
    private let plugin: PluginFolder

    init(_ plugin: PluginFolder, _ process: PluginManifest.Process, isConfined: Bool, log: HostLog) {
        self.plugin = plugin
        let manifest = plugin.manifest
        pool = ProcessPool(plugin, process, isConfined: isConfined, log: log) { connection, limit in
            let answer = try await connection.unary(Self.path("Describe"), Proto.DescribePluginRequest().encoded(), timeout: limit).message
            try manifest.check(try Self.decode(answer, plugin: manifest.id))
        }
    }

    func describe(_ context: EstimationContext) throws -> Proto.PluginDescription { try ask("Describe", Proto.DescribePluginRequest(), context) }

    func warm(_ request: Proto.WarmPluginRequest, _ context: EstimationContext) throws {
        let _: Proto.WarmPluginResponse = try ask("Warm", request, context)
    }

    func estimateFaces(_ request: Proto.PluginFacesRequest, _ context: EstimationContext) throws -> Proto.PluginReadings {
        try ask("EstimateFaces", request, context)
    }

    func estimateVoices(_ request: Proto.PluginVoicesRequest, _ context: EstimationContext) throws -> Proto.PluginReadings {
        try ask("EstimateVoices", request, context)
    }

    var obstacle: String? { pool.obstacle }
    func whenObstacleChanges(_ body: @escaping @Sendable () -> Void) { pool.whenObstacleChanges(body) }
    func close() async { await pool.close() }

    private static func path(_ method: String) -> String { "/mien.v1.Plugin/\(method)" }

    private func ask<Answer: ProtoMessage>(_ method: String, _ request: some ProtoMessage, _ context: EstimationContext) throws -> Answer {
        let pool = pool, bytes = request.encoded(), deadline = context.deadline
        return try Self.decode(try waiting(context) { try await pool.ask(Self.path(method), bytes, deadline: deadline) }, plugin: plugin.manifest.id)
    }

    private static func decode<Answer: ProtoMessage>(_ bytes: [UInt8], plugin: String) throws(CallError) -> Answer {
        do throws(MessageError) {
            return try Answer(decoding: bytes)
        } catch {
            throw CallError(.internalError, "plugin \(plugin) gave an answer that is no \(Answer.fullName): \(error)", reason: "PLUGIN_ANSWER_INVALID")
        }
    }
}
