import MienEstimation
import MienWire

extension EstimatorRegistry {
    /// The estimator for a request that names none.
    ///
    /// - Parameter categories: The only ones wanted; nil: whatever it covers.
    /// - Returns: Of those that cover what is wanted the first, in the policy's order, that can be used; if there is none, the first of all, which will say what stands in its
    ///   way. Without an order of the policy's own the host's first needs only to cover it: whose answer it is shall not depend on which models are installed.
    /// - Throws: `CallError` `unimplemented` if the host has no such estimator at all.
    func choose(_ modality: Modality, covering categories: [MienEstimation.Category]?, by policy: RoutingRequest.Policy) throws(CallError) -> EstimatorDescription {
        var candidates = descriptions.filter { $0.modality == modality }
        switch policy {
        case .hostOrder: break
        case .fast: candidates = candidates.ascending { $0.cost }
        case .accurate: candidates = candidates.ascending { $0.skill.map { -$0 } }
        case .offline: candidates.removeAll(where: \.isOnline)
        }
        guard let first = candidates.first else {
            let kind = policy == .offline ? "\(modality) estimator that works offline" : "\(modality) estimator"
            throw CallError(.unimplemented, "this host has no \(kind)", reason: "NO_ESTIMATOR")
        }
        let wanted = Set(categories ?? [])
        if policy == .hostOrder || policy == .offline, wanted.isSubset(of: first.categories) { return first }
        return candidates.first { wanted.isSubset(of: $0.categories) && isUsable($0.id) } ?? first
    }
}

extension [EstimatorDescription] {
    /// The lowest first; those without a value behind the others. What is alike stays in its order.
    fileprivate func ascending(_ value: (EstimatorDescription) -> Float?) -> Self {
        enumerated().sorted { (value($0.element) ?? .infinity, $0.offset) < (value($1.element) ?? .infinity, $1.offset) }.map(\.element)
    }
}
