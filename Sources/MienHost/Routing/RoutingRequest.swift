import MienMessages
import MienWire

/// What a request says about who shall answer, checked as far as that goes without knowing the estimators.
struct RoutingRequest: Sendable {
    enum Policy: Sendable {
        case hostOrder, fast, accurate, offline
    }

    /// Empty: the policy chooses.
    let estimator: String
    let policy: Policy
    let fallbacks: [String]
    /// Empty, or two and more; weights are finite and above 0.
    let ensemble: [(id: String, weight: Float)]
    let shadows: [String]

    private static let mostMembers = 8, mostFallbacks = 8, mostShadows = 4

    /// - Parameter field: Where `routing` stands, for errors: "routing" or "start.routing".
    /// - Throws: `CallError` `invalidArgument`, with the field that is to blame.
    init(estimator: String, _ message: Proto.Routing?, field: String) throws(CallError) {
        let message = message ?? Proto.Routing()
        self.estimator = estimator
        policy = try Self.policy(message.policy, field + ".policy")
        fallbacks = try Self.ids(message.fallbacks, field + ".fallbacks", most: Self.mostFallbacks)
        shadows = try Self.ids(message.shadows, field + ".shadows", most: Self.mostShadows)
        let members = message.ensemble
        _ = try Self.ids(members.map(\.estimator), field + ".ensemble", most: Self.mostMembers)
        if members.count == 1 {
            throw RequestField.invalid(field + ".ensemble", "FIELD_OUT_OF_RANGE", "\(field).ensemble has one estimator; it needs two and more, and one alone is named in estimator")
        }
        for member in members {
            guard member.weight.isFinite, member.weight >= 0 else {
                throw RequestField.invalid(field + ".ensemble", "FIELD_OUT_OF_RANGE", "\(field).ensemble gives \(quoted(member.estimator)) the weight \(member.weight); it must be a number above 0")
            }
        }
        ensemble = members.map { ($0.estimator, $0.weight == 0 ? 1 : $0.weight) }

        func conflict(_ part: String, _ why: String) -> CallError { RequestField.invalid("\(field).\(part)", "ROUTING_CONFLICT", "\(field).\(part) \(why)") }
        if !ensemble.isEmpty, !estimator.isEmpty { throw conflict("ensemble", "and estimator are both given; the ensemble stands in place of the one estimator") }
        if policy == .fast || policy == .accurate, !estimator.isEmpty || !ensemble.isEmpty {
            throw conflict("policy", "has nothing to choose where the request names \(ensemble.isEmpty ? "an estimator" : "an ensemble")")
        }
        let first = ensemble.isEmpty ? [estimator] : ensemble.map(\.id)
        if ensemble.isEmpty, let twice = fallbacks.first(where: first.contains) { throw conflict("fallbacks", "has \(quoted(twice)), which is asked before them") }
        if let twice = shadows.first(where: first.contains) { throw conflict("shadows", "has \(quoted(twice)), which is asked for the answer itself") }
    }

    private static func policy(_ policy: Proto.Policy, _ field: String) throws(CallError) -> Policy {
        switch policy {
        case .unspecified: return .hostOrder
        case .fast: return .fast
        case .accurate: return .accurate
        case .offline: return .offline
        default:
            throw RequestField.invalid(field, "FIELD_OUT_OF_RANGE", "\(field) is \(policy.rawValue), which this host does not know; it knows POLICY_FAST, POLICY_ACCURATE and POLICY_OFFLINE")
        }
    }

    private static func ids(_ ids: [String], _ field: String, most: Int) throws(CallError) -> [String] {
        guard ids.count <= most else { throw RequestField.invalid(field, "FIELD_OUT_OF_RANGE", "\(field) has \(ids.count) estimators; it may have \(most)") }
        if ids.contains("") { throw RequestField.invalid(field, "FIELD_MISSING", "\(field) has an estimator without a name") }
        for (index, id) in ids.enumerated() where ids[..<index].contains(id) { throw RequestField.invalid(field, "ROUTING_CONFLICT", "\(field) has \(quoted(id)) twice") }
        return ids
    }
}
