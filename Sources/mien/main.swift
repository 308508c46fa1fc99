import ArgumentParser
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

// A host's stdout carries frames and nothing else: put it out of everybody's reach before any library has run.
ServeStreams.takeIfServing(CommandLine.arguments)
// A reader that went away is an error of that write, not the end of the process.
signal(SIGPIPE, SIG_IGN)
await run()

/// In a function of its own, because only there the asynchronous `main` is preferred.
func run() async {
    let arguments = CommandLine.arguments.dropFirst()
    // Hosts start often and should start fast: describing all the other commands takes several milliseconds. Whatever is not
    // well-formed gets its message in the usual way.
    if arguments.first == "serve", ServeStreams.taken != nil, let serve = try? Serve.parse(Array(arguments.dropFirst())) {
        do { try await serve.run() } catch { Serve.exit(withError: error) }
    }
    await Mien.main()
}
