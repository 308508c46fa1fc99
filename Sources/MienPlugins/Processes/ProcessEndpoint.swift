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
            let answer = try await connection.unary("/mien.v1.Plugin/Describe", Proto.DescribePluginRequest().encoded(), timeout: limit).message
            let description: Proto.PluginDescription = try Self.decode(answer, plugin: manifest.id)
            try manifest.check(description)
            return description.mappedMedia
        }
    }

    func describe(_ context: EstimationContext) throws -> Proto.PluginDescription { try ask(.init("Describe") { _ in Proto.DescribePluginRequest().encoded() }, context) }

    func warm(_ request: Proto.WarmPluginRequest, _ context: EstimationContext) throws {
        let _: Proto.WarmPluginResponse = try ask(.init("Warm") { _ in request.encoded() }, context)
    }

    func estimateFaces(_ request: Proto.PluginFacesRequest, _ context: EstimationContext) throws -> Proto.PluginReadings {
        try ask(.init("EstimateFaces", size: request.faces.reduce(0) { $0 + $1.count }) { memory in
            var request = request
            if let spans = memory?.place(request.faces) { (request.faces, request.mapped) = ([], spans) }
            return request.encoded()
        }, context)
    }

    func estimateVoices(_ request: Proto.PluginVoicesRequest, _ context: EstimationContext) throws -> Proto.PluginReadings {
        try ask(.init("EstimateVoices", size: request.clips.reduce(0) { $0 + $1.count }) { memory in
            var request = request
            if let spans = memory?.place(request.clips) { (request.clips, request.mapped) = ([], spans) }
            return request.encoded()
        }, context)
    }

    var obstacle: String? { pool.obstacle }
    func whenObstacleChanges(_ body: @escaping @Sendable () -> Void) { pool.whenObstacleChanges(body) }
    func close() async { await pool.close() }

    private func ask<Answer: ProtoMessage>(_ question: ProcessPool.Question, _ context: EstimationContext) throws -> Answer {
        let pool = pool, deadline = context.deadline
        return try Self.decode(try waiting(context) { try await pool.ask(question, deadline: deadline) }, plugin: plugin.manifest.id)
    }

    private static func decode<Answer: ProtoMessage>(_ bytes: [UInt8], plugin: String) throws(CallError) -> Answer {
        do throws(MessageError) {
            return try Answer(decoding: bytes)
        } catch {
            throw CallError(.internalError, "plugin \(plugin) gave an answer that is no \(Answer.fullName): \(error)", reason: "PLUGIN_ANSWER_INVALID")
        }
    }
}
