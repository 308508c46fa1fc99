import MienEstimation
import MienWire

extension EstimatorRegistry {
    /// Answers by the first route of a request; where its estimators fail, by the next one.
    ///
    /// - Parameter body: Answers by one route; the interpreter knows which routes have failed before.
    /// - Throws: As `routes` does; what `body` throws for the last route, or for another what no other estimator would mend.
    func answer<Answer>(_ request: RoutingRequest, _ modality: Modality, _ options: AnswerOptions, _ call: IncomingCall, _ log: HostLog,
                        _ body: (Route, Interpreter) async throws -> Answer) async throws -> Answer {
        let routes = try routes(request, modality, options)
        var warnings: [EstimateWarning] = []
        for route in routes.dropLast() {
            do {
                return try await body(route, Interpreter(route, self, warnings, log))
            } catch {
                let failure = callError(error, doing: "estimator \(route.description.id)", log)
                guard !call.isCancelled, failure.isOfEstimator else { throw error }
                warnings.append(EstimateWarning(reason: "FELL_BACK", message: "\(route.description.id) could not answer: \(failure.message)"))
                log.notice("could not answer, the next one is asked: \(failure.message)", source: "estimator/\(route.description.id)")
            }
        }
        let last = routes[routes.count - 1]
        return try await body(last, Interpreter(last, self, warnings, log))
    }
}

extension CallError {
    /// Another estimator may fare better: neither the request is to blame, nor the media that it points to, nor the caller's patience, nor the host's end.
    fileprivate var isOfEstimator: Bool {
        guard field.isEmpty, reason != Reason.hostDraining else { return false }
        switch code {
        case .unavailable, .failedPrecondition, .internalError, .resourceExhausted, .unimplemented: return true
        case .deadlineExceeded: return reason == "PLUGIN_TIMEOUT"
        default: return false
        }
    }
}
