import MienEstimation
import MienMedia
import MienWire

/// Reasons that more than one file gives.
enum Reason {
    static let modelMissing = "MODEL_MISSING"
    static let estimatorUnusable = "ESTIMATOR_UNUSABLE"
    static let hostDraining = "HOST_DRAINING"
    static let hostBusy = "HOST_BUSY"
    static let malformed = "MESSAGE_MALFORMED"
    static let internalDefect = "INTERNAL_DEFECT"
}

/// Turns whatever a handler threw into what its caller sees. The only such place.
///
/// What is not the caller's business (paths inside the host, details of a defect) goes to the log.
func callError(_ error: any Error, doing method: String, _ log: HostLog) -> CallError {
    switch error {
    case let error as CallError:
        return error
    case is CancellationError:
        return CallError(.cancelled, "the call was cancelled")
    case let error as PictureError:
        return CallError(.invalidArgument, error.message, reason: error.reason.rawValue, field: "picture")
    case let error as AudioError:
        return CallError(error.reason == .unreadable ? .unavailable : .invalidArgument, error.message, reason: error.reason.rawValue, field: "audio")
    case let error as MediaFileError:
        return CallError(code(of: error), error.description, reason: error.reason.rawValue, field: "path")
    case let error as ModelUnavailable:
        return CallError(.failedPrecondition, error.description, reason: Reason.modelMissing,
                         facts: [MetadataEntry("model", error.model)])
    case let error as EstimatorUnusable:
        return CallError(.failedPrecondition, error.description, reason: Reason.estimatorUnusable)
    case let error as ScoresNotFinite:
        log.error("\(method) failed: \(error)")
        return CallError(.internalError, error.description, reason: "SCORES_NOT_FINITE")
    default:
        log.error("\(method) failed: \(error)")
        return CallError(.internalError, "the host failed at this request; its log has the cause", reason: Reason.internalDefect)
    }
}

private func code(of error: MediaFileError) -> StatusCode {
    switch error.reason {
    case .notFound: .notFound
    case .forbidden: .permissionDenied
    case .notRegular, .tooLarge: .invalidArgument
    case .unreadable: .unavailable
    }
}

/// A caller's word in an error message: quoted, cut to a sensible length, without control characters.
func quoted(_ text: String) -> String {
    let shown = String(String.UnicodeScalarView(text.unicodeScalars.prefix(200).map { $0.value < 0x20 || $0.value == 0x7f ? "?" : $0 }))
    return "\"\(shown)\(text.unicodeScalars.count > 200 ? "..." : "")\""
}

extension Duration {
    var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
    var milliseconds: Int64 { microseconds / 1000 }
}
