import MienEstimation
import MienHost
import MienMessages
import MienWire

/// mien.v1.Plugin, answered by an endpoint.
struct PluginService: Sendable {
    static let name = "mien.v1.Plugin"

    /// Those that ask the endpoint at a time; the others wait without a thread.
    private static let threads = 4

    let endpoint: any PluginEndpoint
    private let lanes = ComputeLanes(count: Self.threads)

    init(_ endpoint: any PluginEndpoint) { self.endpoint = endpoint }

    var methods: [String: MethodHandler] {
        [
            "Describe": method { (endpoint, _: Proto.DescribePluginRequest, context) in try endpoint.describe(context) },
            "Warm": method { (endpoint, request: Proto.WarmPluginRequest, context) in
                try endpoint.warm(request, context)
                return Proto.WarmPluginResponse()
            },
            "EstimateFaces": method { (endpoint, request: Proto.PluginFacesRequest, context) in try endpoint.estimateFaces(request, context) },
            "EstimateVoices": method { (endpoint, request: Proto.PluginVoicesRequest, context) in try endpoint.estimateVoices(request, context) },
        ]
    }

    private func method<Request: ProtoMessage, Answer: ProtoMessage>(_ ask: @escaping @Sendable (any PluginEndpoint, Request, EstimationContext) throws -> Answer) -> MethodHandler {
        let endpoint = endpoint, lanes = lanes
        return .unary { call, bytes in
            let request: Request = try decode(bytes)
            return try await lanes.run { isCancelled in
                let context = EstimationContext(deadline: call.deadline) { call.isCancelled || isCancelled() }
                return try ask(endpoint, request, context).encoded()
            }.value
        }
    }
}
