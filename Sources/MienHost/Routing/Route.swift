import MienEstimation
import MienWire

/// The estimators that answer a request together, and what is wanted of them.
struct Route: Sendable {
    let members: [(description: EstimatorDescription, weight: Float)]
    let shadows: [EstimatorDescription]
    let answer: AnswerOptions
    /// What the members are together.
    let description: EstimatorDescription

    /// - Throws: `CallError` `invalidArgument` if they cannot give the answer that is wanted.
    init(_ members: [(description: EstimatorDescription, weight: Float)], shadows: [EstimatorDescription], _ answer: AnswerOptions) throws(CallError) {
        self.members = members
        self.shadows = shadows
        self.answer = answer
        description = .combining(members.map(\.description))
        try answer.check(description)
    }

    fileprivate var ids: [String] { (members.map(\.description) + shadows).map(\.id) }
    fileprivate var isPlain: Bool { members.count == 1 && shadows.isEmpty }
}

extension EstimatorRegistry {
    /// The ways to an answer, to be tried in this order.
    ///
    /// - Throws: `CallError`: as `resolve` does, for any of the estimators; `invalidArgument` if one of them cannot give the answer that is wanted, or is online and must not be.
    func routes(_ request: RoutingRequest, _ modality: Modality, _ answer: AnswerOptions) throws(CallError) -> [Route] {
        func named(_ id: String) throws(CallError) -> EstimatorDescription {
            let description = try resolve(id, modality: modality)
            guard request.policy != .offline || !description.isOnline else {
                throw CallError(.invalidArgument, "estimator \(quoted(id)) is online, and the policy is POLICY_OFFLINE", reason: "ESTIMATOR_ONLINE", field: "routing")
            }
            return description
        }
        let shadows = try request.shadows.map(named)
        var routes: [Route] = []
        if !request.ensemble.isEmpty {
            let members = try request.ensemble.map { (member) throws(CallError) in (description: try named(member.id), weight: member.weight) }
            routes.append(try Route(members, shadows: shadows, answer))
        } else {
            let chosen = request.estimator.isEmpty ? try choose(modality, covering: answer.categories, by: request.policy) : try named(request.estimator)
            routes.append(try Route([(chosen, 1)], shadows: shadows.filter { $0.id != chosen.id }, answer))
        }
        for id in request.fallbacks where routes.first?.description.id != id {
            // A neutral voice's scores are of the first estimator.
            routes.append(try Route([(try named(id), 1)], shadows: shadows.filter { $0.id != id }, answer.withoutNeutral))
        }
        return routes
    }

    /// Where the estimators of a route work: together, on the threads of one that waits for others if there is one among them.
    func lanes(of route: Route) -> ComputeLanes { lanes(ofAny: route.ids) }

    /// The loaded face estimator or estimators of a route.
    ///
    /// - Throws: As `estimator(_:)`, for members; what stands in a shadow's way is told with the answer.
    func faceEstimator(_ route: Route) async throws -> any FaceEstimator {
        if route.isPlain { return try await faceEstimator(route.description) }
        return CombinedFaceEstimator(try await combination(route, faceEstimator))
    }

    /// The same for voices.
    func voiceEstimator(_ route: Route) async throws -> any VoiceEstimator {
        if route.isPlain { return try await voiceEstimator(route.description) }
        return CombinedVoiceEstimator(try await combination(route, voiceEstimator))
    }

    private func combination<One: Sendable>(_ route: Route, _ load: (EstimatorDescription) async throws -> One) async throws -> Combination<One> {
        var members: [(estimator: One, description: EstimatorDescription, weight: Float)] = [], shadows: [Result<One, any Error>] = []
        for member in route.members { members.append((try await load(member.description), member.description, member.weight)) }
        for shadow in route.shadows {
            do { shadows.append(.success(try await load(shadow))) } catch {
                try Task.checkCancellation()
                shadows.append(.failure(error))
            }
        }
        return Combination(members: members, shadows: shadows, minimumReliability: route.answer.minimumReliability)
    }

    private func faceEstimator(_ description: EstimatorDescription) async throws -> any FaceEstimator {
        guard let estimator = try await estimator(description.id) as? any FaceEstimator else { throw other(description, "face") }
        return estimator
    }

    private func voiceEstimator(_ description: EstimatorDescription) async throws -> any VoiceEstimator {
        guard let estimator = try await estimator(description.id) as? any VoiceEstimator else { throw other(description, "voice") }
        return estimator
    }

    private func other(_ description: EstimatorDescription, _ kind: String) -> CallError {
        CallError(.internalError, "estimator \(description.id) calls itself a \(kind) estimator and is none", reason: Reason.internalDefect)
    }
}
