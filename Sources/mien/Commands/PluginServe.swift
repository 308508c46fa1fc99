import ArgumentParser
import InferenceCore
import MienHost
import MienPlugins
import MienWire
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension PluginsCommand {
    struct Serve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Serve a plugin that is a library over stdin and stdout, as a program would.",
            discussion: """
                Started by a program, not by hand: a host, or mien conformance. It answers the calls of mien.v1.Plugin, so that a library can live in a process of its own: confined, and without \
                taking the host along when it crashes. Its log goes to stderr.
                """)

        @Argument(help: ArgumentHelp("A folder with a plugin.json of the kind library.", valueName: "folder"), completion: .directory) var folder: String
        @Option(help: ArgumentHelp("Lowest level of log lines on stderr: trace, debug, info, notice, warning, error or critical.", valueName: "level")) var logLevel = LogLevelName.notice

        func run() async throws {
            try await running {
                let streams = try ServeStreams.use(by: "mien plugins serve", insteadOfATerminal: "  mien plugins check \(folder)")
                if let error = Kernels.selectionError { throw Failure(error, code: ExitStatus.usage) }
                var plugins = Plugins()
                try plugins.add(named: absolute(folder))
                guard plugins.found.count == 1, case .code(let plugin) = plugins.found[0], case .library = plugin.manifest.kind else {
                    throw Failure("\(folder) is not one plugin that is a library", code: ExitStatus.configuration)
                }
                let log = HostLog(level: logLevel.number)
                let server = PluginServer(plugin.endpoint(isConfined: false, log: log), input: streams.input, output: streams.output, version: mienVersion, log: log)
                Departure.watch { await server.drain(reason: $0) }
                try await server.serve().check(log)
            }
            // Not by returning: a library in the middle of a question that nobody waits for must not delay the end.
            _exit(ExitStatus.success)
        }
    }
}
