#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif
package import MienWire

/// A host that this process has spawned: its pipes, its log and its end.
///
/// The host ends when our end of its stdin closes, so dropping the last reference is enough for it to go; `waitForExit` collects its status.
package final class HostProcess: Sendable {
    package struct Options: Sendable {
        package enum Errors: Sendable {
            /// The host writes to our stderr.
            case inherited
            /// The last part of what the host writes is kept, see `capturedErrors`.
            case captured
        }

        /// Path of the executable; nil: this very program.
        package var executable: String?
        package var arguments = ["serve"]
        /// Added to our environment, or replacing parts of it.
        package var environment: [(name: String, value: String)] = []
        package var errors = Errors.inherited
        /// Its own process group: Ctrl-C at the terminal then reaches us alone, and we decide what becomes of the host.
        package var ownGroup = true
        package init() {}
    }

    package typealias Exit = ProcessExit

    /// The host could not be started.
    package struct SpawnError: Error, CustomStringConvertible {
        package var description: String
    }

    private struct State {
        var exit: Exit?
        var input: CInt
        var output: CInt
    }

    package let pid: Int32
    private let state: Locked<State>
    private let errors: ErrorTail?

    /// Starts a host.
    ///
    /// - Throws: `SpawnError`.
    package init(_ options: Options = Options()) throws {
        let executable = try options.executable ?? Self.ownExecutable()
        let toHost: Pipe, fromHost: Pipe, errorPipe: Pipe?
        do throws(Pipe.Failure) {
            toHost = try Pipe()
            fromHost = try Pipe()
            errorPipe = options.errors == .captured ? try Pipe() : nil
        } catch {
            throw SpawnError(description: error.description)
        }

        var actions = Self.emptyActions()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // dup2 clears the close-on-exec mark of the copy; every other descriptor of ours stays here.
        posix_spawn_file_actions_adddup2(&actions, toHost.readEnd, 0)
        posix_spawn_file_actions_adddup2(&actions, fromHost.writeEnd, 1)
        if let errorPipe { posix_spawn_file_actions_adddup2(&actions, errorPipe.writeEnd, 2) }

        var attributes = Self.emptyAttributes()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        if options.ownGroup {
            flags |= POSIX_SPAWN_SETPGROUP
            posix_spawnattr_setpgroup(&attributes, 0)
        }
        // What we block or ignore is our affair; the host starts with a clean slate.
        var none = sigset_t(), defaults = sigset_t()
        sigemptyset(&none)
        sigemptyset(&defaults)
        for number in [SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGQUIT] { sigaddset(&defaults, number) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let arguments = CStrings([executable] + options.arguments)
        let environment = CStrings(Self.environment(adding: options.environment))
        var child = pid_t()
        let code = posix_spawn(&child, executable, &actions, &attributes, arguments.pointer, environment.pointer)
        guard code == 0 else { throw SpawnError(description: "cannot start \(executable): \(String(cString: strerror(code)))") }
        pid = child
        state = Locked(State(input: toHost.takeWriteEnd(), output: fromHost.takeReadEnd()))
        errors = errorPipe.map { ErrorTail(descriptor: $0.takeReadEnd()) }
    }

    /// Hands over the pipe ends, once: what we write to the host, and what we read from it. The new owner closes them.
    package func takePipes() -> (toHost: CInt, fromHost: CInt) {
        state.withLock { state in
            precondition(state.input >= 0, "the pipes have not been taken yet")
            defer { (state.input, state.output) = (-1, -1) }
            return (state.input, state.output)
        }
    }

    deinit {
        let pipes = state.withLock { ($0.input, $0.output) }
        if pipes.0 >= 0 { close(pipes.0) }
        if pipes.1 >= 0 { close(pipes.1) }
        // Collect it if it has ended, so that no zombie stays; if it still drains, the system's init will.
        _ = poll()
    }

    /// The last 64 KiB of the host's stderr, if it is captured.
    package var capturedErrors: String { errors?.text ?? "" }

    package func signal(_ number: CInt) {
        state.withLock { state in
            // Not after its end: the number may belong to somebody else by then.
            if state.exit == nil { kill(pid, number) }
        }
    }

    /// How the host ended; nil if it still runs.
    package func poll() -> Exit? {
        state.withLock { state in
            if let exit = state.exit { return exit }
            var status: CInt = 0
            var result: pid_t
            repeat { result = waitpid(pid, &status, WNOHANG) } while result < 0 && errno == EINTR
            if result == pid {
                state.exit = status & 0x7f == 0 ? .code((status >> 8) & 0xff) : .signal(status & 0x7f)
            } else if result < 0 {
                // Somebody else has collected it.
                state.exit = .code(-1)
            }
            return state.exit
        }
    }

    /// Waits for the end of the host: for `limit` in peace, then asks (SIGTERM), then kills.
    package func waitForExit(limit: Duration = .seconds(5)) async -> Exit {
        for (patience, escalation) in [(limit, SIGTERM), (.seconds(2), SIGKILL), (.seconds(10), 0)] {
            let deadline = ContinuousClock.now + patience
            var pause = Duration.milliseconds(1)
            while true {
                if let exit = poll() { return exit }
                if ContinuousClock.now >= deadline { break }
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .milliseconds(50))
            }
            if escalation != 0 { signal(escalation) }
        }
        return .signal(SIGKILL)
    }

    /// Path of the program that runs.
    package static func ownExecutable() throws -> String {
        #if canImport(Darwin)
        var size: UInt32 = 4096
        var buffer = [CChar](repeating: 0, count: Int(size))
        guard _NSGetExecutablePath(&buffer, &size) == 0 else { throw SpawnError(description: "cannot find this program's own file") }
        return String(cString: buffer)
        #else
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard count > 0 else { throw SpawnError(description: "cannot find this program's own file: \(String(cString: strerror(errno)))") }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        #endif
    }

    private static func environment(adding extra: [(name: String, value: String)]) -> [String] {
        var result: [String] = []
        var index = 0
        while let pointer = environ[index] {
            let text = String(cString: pointer)
            if !extra.contains(where: { text.hasPrefix($0.name + "=") }) { result.append(text) }
            index += 1
        }
        return result + extra.map { "\($0.name)=\($0.value)" }
    }

    #if canImport(Darwin)
    private static func emptyActions() -> posix_spawn_file_actions_t? { nil }
    private static func emptyAttributes() -> posix_spawnattr_t? { nil }
    #else
    private static func emptyActions() -> posix_spawn_file_actions_t { posix_spawn_file_actions_t() }
    private static func emptyAttributes() -> posix_spawnattr_t { posix_spawnattr_t() }
    #endif
}
