import MienEstimation
import MienMessages
import MienWire

/// grpc.health.v1.Health. Known names: "" for the host, every service, and "estimator/ID".
struct Health: Sendable {
    static let name = "grpc.health.v1.Health"
    typealias ServingStatus = Proto.HealthCheckResponse.ServingStatus

    let registry: EstimatorRegistry
    let lifecycle: Lifecycle
    /// Full names of the services that the host has.
    let services: [String]

    var methods: [String: MethodHandler] {
        [
            "Check": .unary { _, bytes in
                let request: Proto.HealthCheckRequest = try decode(bytes)
                guard let status = status(of: request.service) else {
                    throw CallError(.notFound, "no service \(quoted(request.service)) to report on", reason: "SERVICE_UNKNOWN", field: "service")
                }
                return encode(Proto.HealthCheckResponse(status: status))
            },
            "List": .unary { _, bytes in
                _ = try decode(bytes, as: Proto.HealthListRequest.self)
                let names = [""] + services + registry.descriptions.map { "estimator/\($0.id)" }
                let pairs = names.compactMap { name in status(of: name).map { (name, Proto.HealthCheckResponse(status: $0)) } }
                return encode(Proto.HealthListResponse(statuses: Dictionary(uniqueKeysWithValues: pairs)))
            },
            "Watch": .serverStreaming { _, bytes, answers in
                let request: Proto.HealthCheckRequest = try decode(bytes)
                var last: ServingStatus?
                for await _ in lifecycle.bell.listen() {
                    let status = status(of: request.service) ?? .serviceUnknown
                    if status != last { try await answers.send(encode(Proto.HealthCheckResponse(status: status))) }
                    last = status
                    // Nothing changes any more after this.
                    if lifecycle.isDraining { break }
                }
                try Task.checkCancellation()
            },
        ]
    }

    /// Nil for an unknown name.
    func status(of name: String) -> ServingStatus? {
        let known: ServingStatus
        if name.isEmpty || services.contains(name) {
            known = .serving
        } else if name.hasPrefix("estimator/"), registry.descriptions.contains(where: { "estimator/\($0.id)" == name }) {
            // Idle ones serve: their first caller waits a little, and that is all.
            switch registry.stage(String(name.dropFirst("estimator/".count))) {
            case .idle, .ready: known = .serving
            case .loading, .unavailable: known = .notServing
            }
        } else {
            return nil
        }
        return lifecycle.isDraining ? .notServing : known
    }
}
