import ArgumentParser
import InferenceCore
import MienEstimation
import MienHost
import MienModels
import MienPlugins
import MienWire
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve estimates over stdin and stdout.",
        discussion: """
            Started by a program, not by hand: stdin and stdout carry frames, 4 bytes of length (big-endian) and then a serialised \
            mien.v1.Frame. Logs go to stderr. The host ends when its stdin ends; it finishes what is running first.

            SIGTERM and SIGINT make it finish and go, a second one makes it go at once.
            """)

    @Option(help: ArgumentHelp("Lowest level of log lines on stderr: trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    var logLevel = LogLevelName.notice

    @Option(help: ArgumentHelp("Load an estimator at the start instead of at its first use; may be given several times.", valueName: "id"))
    var preload: [String] = []

    @Option(help: ArgumentHelp("Pictures to work on at a time. The default is the number of processors.", valueName: "number"))
    var threads: Int?

    @Option(help: ArgumentHelp("Seconds that running calls get to end when the host is asked to go.", valueName: "seconds"))
    var drainLimit = 2.0

    @OptionGroup var plugins: PluginArguments

    func validate() throws {
        if let threads, !(1...256).contains(threads) { throw ValidationError("--threads is \(threads); it must be from 1 to 256") }
        guard drainLimit >= 0, drainLimit <= 3600 else { throw ValidationError("--drain-limit is \(drainLimit); it must be from 0 to 3600") }
    }

    func run() async throws {
        try await running {
            let streams = try ServeStreams.use(by: "mien serve", insteadOfATerminal: """
                  mien face photo.jpg
                  mien call /mien.v1.Host/GetInfo
                """)
            if let error = Kernels.selectionError { throw Failure(error, code: ExitStatus.usage) }

            let log = HostLog(level: logLevel.number)
            let added = try plugins.all { log.error($0) }
            let endpoints = added.endpoints(isConfined: !plugins.unconfined, log: log)
            let estimators = BuiltIn.estimators + added.estimators(endpoints)
            for id in preload where !estimators.contains(where: { $0.description.id == id }) {
                let known = estimators.map(\.description.id).joined(separator: ", ")
                throw Failure("--preload: there is no estimator \"\(printable(id))\"; there are: \(known)", code: ExitStatus.usage)
            }
            let models = ExtendedLibrary(try StoreLibrary(BuiltIn.store()), adding: added.models)
            var configuration = HostConfiguration(version: mienVersion, estimators: estimators, models: models)
            configuration.features = Kernels.features
            configuration.kernels = Kernels.name
            configuration.threads = threads ?? WorkerPool.shared.threads
            configuration.preload = preload
            configuration.drainLimit = .milliseconds(Int64(drainLimit * 1000))
            configuration.traceDirectory = variable("MIEN_TRACE")
            let host = Host(configuration, log: log)
            Departure.watch { await host.drain(reason: $0) }
            let end = await host.serve(input: streams.input, output: streams.output)
            await withTaskGroup(of: Void.self) { group in
                for endpoint in endpoints { group.addTask { await endpoint?.close() } }
            }
            try end.check(log)
        }
        // Not by returning: a lane in the middle of a computation nobody waits for must not delay the end.
        _exit(ExitStatus.success)
    }
}

/// Names of log levels, as on the command line.
enum LogLevelName: String, ExpressibleByArgument, CaseIterable {
    case trace, debug, info, notice, warning, error, critical
    /// As in mien.v1.LogLevel.
    var number: UInt32 { UInt32(Self.allCases.firstIndex(of: self)! + 1) }
}

extension ConnectionEnd {
    /// Logs what went wrong, if anything did.
    ///
    /// - Throws: `ExitCode`.
    func check(_ log: HostLog) throws(ExitCode) {
        switch self {
        case .endOfStream, .drained: break
        case .protocolViolation(let what):
            log.error("the other side broke the protocol: \(what)")
            throw ExitCode(ExitStatus.protocolViolation)
        case .ioError(let what):
            log.error(what)
            throw ExitCode(ExitStatus.inputOutput)
        }
    }
}

/// The real stdin and stdout of a host, or of a plugin that is served.
enum ServeStreams {
    private static let commands = [["serve"], ["plugins", "serve"]]

    /// Nil in every other command. Written once, before there is a second thread.
    nonisolated(unsafe) private(set) static var taken: Result<StandardStreams, CallError>?

    /// Takes the streams if the command line says that this process is to serve. `--help` keeps them: it has something to print.
    static func takeIfServing(_ arguments: [String]) {
        let rest = arguments.dropFirst()
        guard commands.contains(where: { rest.starts(with: $0) }), !rest.contains(where: { ["-h", "--help", "--version"].contains($0) }) else { return }
        taken = Result { () throws(CallError) in try StandardStreams.takeOver() }
    }

    /// - Parameters:
    ///   - command: As it has to begin the command line.
    ///   - trials: What somebody may try who has called it by hand.
    /// - Throws: `Failure` if there are none, or they are a terminal.
    static func use(by command: String, insteadOfATerminal trials: String) throws -> StandardStreams {
        let streams: StandardStreams
        switch taken {
        case .success(let taken)?: streams = taken
        case .failure(let error)?: throw Failure(error.message, code: ExitStatus.usage)
        case nil: throw Failure("\(command) must begin the command line", code: ExitStatus.usage)
        }
        if isatty(streams.input) == 1 || isatty(streams.output) == 1 {
            throw Failure("\(command) talks to a program over stdin and stdout, and here is a terminal. To try it by hand:\n\(trials)", code: ExitStatus.usage)
        }
        return streams
    }
}
