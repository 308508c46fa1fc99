#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif
import MienClient
import MienMessages
import MienWire
import Testing
import TestSupport

/// Real processes: the built `mien`, and a host that prints.
@Suite(.timeLimit(.minutes(3))) struct ProcessTests {
    private func options(_ name: String, _ arguments: [String] = ["serve"]) throws -> HostProcess.Options {
        var options = HostProcess.Options()
        options.executable = try builtProduct(name)
        options.arguments = arguments
        options.errors = .captured
        return options
    }

    private func picture() -> Proto.EstimateFaceRequest {
        Proto.EstimateFaceRequest(picture: .raw(Proto.RawPicture(width: 1, height: 1, format: .gray8, pixels: [9])))
    }

    @Test func anEstimatorThatPrintsToStdoutDoesNotBreakTheStream() async throws {
        let client = try await Client.spawn(try options("noisy-host", []), name: "test", version: "0")
        for _ in 0..<50 { _ = try await client.estimateFace(picture()) }
        #expect(await client.close() == .code(0))
        let errors = client.process?.capturedErrors ?? ""
        // Nothing is lost: it has gone to stderr.
        for word in ["printf", "puts", "write", "Swift"] { #expect(errors.contains("noise from \(word)")) }
    }

    @Test func aHostAnswersAndEndsWithItsStdin() async throws {
        let client = try await Client.spawn(try options("mien"), name: "test", version: "0")
        #expect(try await client.info().protocolMajor == 1)
        #expect(try await client.health() == .serving)
        #expect(await client.close() == .code(0))
    }

    @Test(arguments: [SIGTERM, SIGINT]) func aSignalEndsAHostInPeace(number: CInt) async throws {
        let client = try await Client.spawn(try options("mien"), name: "test", version: "0")
        _ = try await client.info()
        client.process?.signal(number)
        #expect(await client.process?.waitForExit(limit: .seconds(20)) == .code(0))
        #expect(await client.close() == .code(0))
    }

    @Test func drainEndsTheProcess() async throws {
        let client = try await Client.spawn(try options("mien"), name: "test", version: "0")
        _ = try await client.drain()
        #expect(await client.process?.waitForExit(limit: .seconds(20)) == .code(0))
        await client.close()
    }

    @Test func textOnStdinIsAProtocolViolation() async throws {
        let process = try HostProcess(try options("mien"))
        let pipes = process.takePipes()
        let text = Array("GET / HTTP/1.1\r\n\r\n".utf8)
        #expect(write(pipes.toHost, text, text.count) == text.count)
        #expect(await process.waitForExit(limit: .seconds(20)) == .code(76))
        close(pipes.toHost)
        close(pipes.fromHost)
        #expect(process.capturedErrors.contains("the other side broke the protocol"))
    }

    @Test(arguments: [["serve", "--nonsense"], ["serve", "--threads", "0"], ["serve", "--preload", "nobody"], ["face"], ["face", "a.jpg", "--min-confidence", "nan"], ["nonsense"]])
    func wrongUsageIsExitCode64(arguments: [String]) async throws {
        let process = try HostProcess(try options("mien", arguments))
        #expect(await process.waitForExit(limit: .seconds(20)) == .code(64))
    }

    @Test func aProgramThatIsNoHostIsReportedWithItsEnd() async throws {
        var options = HostProcess.Options()
        options.executable = "/bin/sh"
        options.arguments = ["-c", "echo no host >&2; exit 3"]
        options.errors = .captured
        let error = await #expect(throws: CallError.self) { try await Client.spawn(options, name: "test", version: "0") }
        #expect(error?.message.contains("exit code 3") == true)
        #expect(error?.message.contains("no host") == true)
    }

    @Test func anExecutableThatIsNotThereIsNamed() {
        var options = HostProcess.Options()
        options.executable = "/nonexistent/mien"
        #expect { try HostProcess(options) } throws: { "\($0)".hasPrefix("cannot start /nonexistent/mien: ") }
    }
}
