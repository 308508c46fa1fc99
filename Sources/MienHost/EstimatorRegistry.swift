package import MienEstimation
import MienWire

/// What the host knows about a model, for `ListEstimators`.
package struct ModelFacts: Sendable, Hashable {
    package var id: String
    package var version: String
    package var license: String
    package var attribution: String
    package init(id: String, version: String, license: String = "", attribution: String = "") {
        self.id = id
        self.version = version
        self.license = license
        self.attribution = attribution
    }
}

/// The models on this machine, as the host needs them: files for estimators, facts for those who ask.
package protocol ModelLibrary: ModelFiles {
    /// Nil if no catalogue entry has this id. From memory.
    func facts(model: String) -> ModelFacts?
    /// What stands in the way of using a model, and what to do about it; nil if it is installed. Looks at the disk, reads no file.
    func obstacle(model: String) -> String?
}

/// How far an estimator has come.
package enum EstimatorStage: Sendable, Hashable {
    /// Known, and loads at first use.
    case idle
    case loading
    case ready
    /// Cannot answer; the text says what stands in the way.
    case unavailable(String)
}

/// The estimators of a host: known from the start, loaded when first asked for, once.
package final class EstimatorRegistry: Sendable {
    private enum State {
        case idle
        case loading(Task<any Estimator, any Error>)
        case ready(any Estimator)
        case failed(CallError)
    }

    private let factories: [String: EstimatorFactory]
    /// In the order in which they were introduced; the first of a modality is its default.
    package let descriptions: [EstimatorDescription]
    package let models: any ModelLibrary
    private let lanes: ComputeLanes
    /// Of estimators that have threads of their own.
    private let ownLanes: [String: ComputeLanes]
    private let log: HostLog
    private let states = Locked<[String: State]>([:])
    private let bell: ChangeBell

    init(_ factories: [EstimatorFactory], models: any ModelLibrary, lanes: ComputeLanes, log: HostLog, bell: ChangeBell) {
        var byID: [String: EstimatorFactory] = [:]
        for factory in factories {
            precondition(byID[factory.description.id] == nil, "two estimators share the id \(factory.description.id)")
            byID[factory.description.id] = factory
        }
        self.factories = byID
        ownLanes = byID.compactMapValues { $0.ownThreads.map { ComputeLanes(count: $0) } }
        descriptions = factories.map(\.description)
        self.models = models
        self.lanes = lanes
        self.log = log
        self.bell = bell
    }

    /// The estimator of that name.
    ///
    /// - Throws: `CallError`: `notFound` for an unknown id, `invalidArgument` for one of another modality.
    func resolve(_ id: String, modality: Modality) throws(CallError) -> EstimatorDescription {
        guard let factory = factories[id] else {
            let known = descriptions.map(\.id)
            let hint = known.isEmpty ? "there are none" : "there are: \(known.joined(separator: ", "))"
            throw CallError(.notFound, "no estimator \(quoted(id)); \(hint)", reason: "ESTIMATOR_UNKNOWN", field: "estimator",
                            facts: known.map { MetadataEntry("known", $0) })
        }
        guard factory.description.modality == modality else {
            throw CallError(.invalidArgument, "estimator \(quoted(id)) works on \(factory.description.modality), this method on \(modality)",
                            reason: "ESTIMATOR_MODALITY", field: "estimator")
        }
        return factory.description
    }

    /// The loaded estimator; loads it first if need be. Concurrent callers wait for the same load. A load that failed is tried again by the
    /// next caller, because a missing model may have been pulled in the meantime.
    ///
    /// - Throws: `CallError`: `failedPrecondition` with reason MODEL_MISSING and the command that helps, or with ESTIMATOR_UNUSABLE and what is wrong
    ///   with the plugin; what a plugin's own process says; `internalError` for an estimator that fails to load for another cause.
    package func estimator(_ id: String) async throws -> any Estimator {
        enum Step {
            case have(any Estimator)
            case wait(Task<any Estimator, any Error>)
        }
        guard let factory = factories[id] else { throw CallError(.notFound, "no estimator \(quoted(id))", reason: "ESTIMATOR_UNKNOWN") }
        let step: Step = states.withLock { states in
            switch states[id] ?? .idle {
            case .ready(let estimator): return .have(estimator)
            case .loading(let task): return .wait(task)
            case .idle, .failed:
                let task = Task { try await load(factory) }
                states[id] = .loading(task)
                return .wait(task)
            }
        }
        switch step {
        case .have(let estimator): return estimator
        case .wait(let task):
            bell.ring()
            let estimator = try await task.value
            try Task.checkCancellation()
            return estimator
        }
    }

    /// Where an estimator loads and works.
    func lanes(of id: String) -> ComputeLanes { ownLanes[id] ?? lanes }

    /// Where several work together: on the threads of one that has its own, so that those of the host never wait for others.
    func lanes(ofAny ids: [String]) -> ComputeLanes { ids.lazy.compactMap { self.ownLanes[$0] }.first ?? lanes }

    /// The models of an estimator, each "id@version".
    package func models(of description: EstimatorDescription) -> [String] {
        description.models.map { id in models.facts(model: id).map { "\(id)@\($0.version)" } ?? id }
    }

    package func stage(_ id: String) -> EstimatorStage {
        guard let factory = factories[id] else { return .unavailable("unknown estimator") }
        let known: EstimatorStage? = states.withLock { states in
            switch states[id] ?? .idle {
            case .idle, .failed: nil
            case .loading: .loading
            case .ready(let estimator): (estimator as? any SupervisedEstimator)?.obstacle.map { .unavailable($0) } ?? .ready
            }
        }
        if let known { return known }
        // Not loaded: whether it could be is a question to the disk, asked anew each time and outside the lock.
        for model in factory.description.models {
            if let obstacle = models.obstacle(model: model) { return .unavailable(obstacle) }
        }
        return states.withLock { states in
            if case .failed(let error)? = states[id], error.reason != Reason.modelMissing { .unavailable(error.message) } else { .idle }
        }
    }

    func isUsable(_ id: String) -> Bool { if case .unavailable = stage(id) { false } else { true } }

    private func load(_ factory: EstimatorFactory) async throws -> any Estimator {
        let id = factory.description.id
        let start = ContinuousClock.now
        do {
            let models = models
            let estimator = try await lanes(of: id).run { _ in try factory.load(models) }.value
            (estimator as? any SupervisedEstimator)?.whenObstacleChanges { [bell] in bell.ring() }
            states.withLock { $0[id] = .ready(estimator) }
            bell.ring()
            log.info("loaded in \((ContinuousClock.now - start).milliseconds) ms", source: "estimator/\(id)")
            return estimator
        } catch {
            let failure: CallError
            if let missing = error as? ModelUnavailable {
                failure = CallError(.failedPrecondition, missing.description, reason: Reason.modelMissing,
                                    facts: [MetadataEntry("model", missing.model)])
                log.notice(missing.description, source: "estimator/\(id)")
            } else if let unusable = error as? EstimatorUnusable {
                failure = CallError(.failedPrecondition, "estimator \(id) cannot be used: \(unusable)", reason: Reason.estimatorUnusable)
                log.error("cannot be used: \(unusable)", source: "estimator/\(id)")
            } else if let error = error as? CallError {
                failure = error
                log.error("cannot be used: \(error.message)", source: "estimator/\(id)")
            } else if error is CancellationError {
                failure = CallError(.unavailable, "the host is shutting down", reason: Reason.hostDraining)
            } else {
                failure = CallError(.internalError, "estimator \(id) failed to load; the host's log has the cause", reason: "ESTIMATOR_LOAD_FAILED")
                log.error("failed to load: \(error)", source: "estimator/\(id)")
            }
            states.withLock { $0[id] = .failed(failure) }
            bell.ring()
            throw failure
        }
    }
}
