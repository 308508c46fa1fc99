import MienClient
import MienWire

/// A host for this command alone: the same program as `mien serve`.
///
/// - Parameter plugins: What it gets beside the estimators that it knows. They are looked at here first, so that this command can say what is wrong.
/// - Throws: `Failure`.
func ownHost(_ plugins: PluginArguments? = nil) async throws -> Client {
    _ = try plugins?.named()
    var options = HostProcess.Options()
    // What concerns the user comes back as an answer; the host itself only speaks up when something is wrong.
    options.arguments = ["serve", "--log-level", "error"] + (plugins?.forwarded ?? [])
    do {
        return try await Client.spawn(options, name: "mien", version: mienVersion)
    } catch {
        throw failure(of: error)
    }
}

/// All that a status says: "INVALID_ARGUMENT: width is 0 (FIELD_OUT_OF_RANGE, field raw.width)".
func statusText(_ error: CallError) -> String {
    let extras = [error.reason, error.field.isEmpty ? "" : "field \(error.field)"] + error.facts.map { "\($0.name)=\($0.value)" }
    let shown = extras.filter { !$0.isEmpty }.joined(separator: ", ")
    return printable(error.description + (shown.isEmpty ? "" : " (\(shown))"))
}

/// What a failed call means for the command.
func failure(of error: any Error) -> Failure {
    switch error {
    case let failure as Failure: return failure
    case let error as CallError:
        switch error.code {
        case .invalidArgument, .unimplemented, .notFound: return Failure(error.message, code: ExitStatus.usage)
        case .failedPrecondition, .unavailable, .resourceExhausted, .deadlineExceeded: return Failure(error.message, code: ExitStatus.unavailable)
        case .dataLoss: return Failure(error.message, code: ExitStatus.protocolViolation)
        default: return Failure("\(error)", code: ExitStatus.software)
        }
    case let error as HostProcess.SpawnError: return Failure(error.description, code: ExitStatus.unavailable)
    default: return Failure("\(error)", code: ExitStatus.software)
    }
}

/// The same, after the end of the host, which may be the cause.
func failure(of error: any Error, closing client: Client) async -> Failure {
    var result = failure(of: error)
    if let exit = await client.close(), exit != .code(0) { result.message += "; the host ended with \(exit)" }
    return result
}
