import CProcess
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The process's real stdin and stdout, kept for frames alone.
package struct StandardStreams: Sendable {
    /// The real stdin.
    package let input: CInt
    /// The real stdout.
    package let output: CInt

    /// Moves stdin and stdout out of reach. From then on fd 0 is /dev/null and fd 1 is stderr, so that no library's print can get between
    /// two frames; children inherit these and not the real ones. To be called once, before anything else can print.
    ///
    /// - Throws: `CallError` (failedPrecondition) if stdin or stdout is closed.
    package static func takeOver() throws(CallError) -> StandardStreams {
        var input: CInt = -1, output: CInt = -1
        let status = mien_take_standard_streams(&input, &output)
        guard status == 0 else { throw CallError(.failedPrecondition, "stdin and stdout cannot be used: \(errorText(status))") }
        signal(SIGPIPE, SIG_IGN)
        return StandardStreams(input: input, output: output)
    }
}
