import MienEstimation
import MienWire

/// Tries one route after the other, as long as it is the estimators that fail.
struct FallingBack: Sendable {
    let routes: [Route]
    let log: HostLog

    /// - Parameter body: Answers by one route; gets warnings about those that have failed before.
    /// - Throws: What the last route throws, or what no other estimator would mend.
    func answer<Answer>(_ call: IncomingCall, _ body: (Route, [EstimateWarning]) async throws -> Answer) async throws -> Answer {
        var warnings: [EstimateWarning] = []
        for route in routes.dropLast() {
            do {
                return try await body(route, warnings)
            } catch {
                let failure = callError(error, doing: "estimator \(route.description.id)", log)
                guard !call.isCancelled, Self.isOfEstimator(failure) else { throw error }
                warnings.append(EstimateWarning(reason: "FELL_BACK", message: "\(route.description.id) could not answer: \(failure.message)"))
                log.notice("could not answer, the next one is asked: \(failure.message)", source: "estimator/\(route.description.id)")
            }
        }
        return try await body(routes[routes.count - 1], warnings)
    }

    /// Another estimator may fare better: neither the request is to blame, nor the media that it points to, nor the caller's patience, nor the host's end.
    private static func isOfEstimator(_ error: CallError) -> Bool {
        guard error.field.isEmpty, error.reason != Reason.hostDraining else { return false }
        switch error.code {
        case .unavailable, .failedPrecondition, .internalError, .resourceExhausted, .unimplemented: return true
        case .deadlineExceeded: return error.reason == "PLUGIN_TIMEOUT"
        default: return false
        }
    }
}
