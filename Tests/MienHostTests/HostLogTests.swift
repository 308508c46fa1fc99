#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif
import Logging
@testable import MienHost
import Testing

@Suite struct HostLogTests {
    @Test func aWatcherGetsTheLinesOfItsLevelInOrder() async {
        let log = HostLog(level: 7, descriptor: -1)
        let lines = log.watch(level: 3)
        log.debug("too low")
        log.info("first")
        log.error("second", source: "estimator/x")
        log.close()
        var got: [String] = []
        for await line in lines { got.append("\(line.level) \(line.source) \(line.message)") }
        #expect(got == ["3 host first", "6 estimator/x second"])
    }

    @Test func aFloodIsCutAndTheNextLineTellsHowManyWereLost() async {
        let log = HostLog(level: 7, descriptor: -1)
        let lines = log.watch(level: 3)
        for index in 0..<10_000 { log.info("line \(index)") }
        // Time for the allowance of a line or two.
        try? await Task.sleep(for: .milliseconds(50))
        var iterator = lines.makeAsyncIterator()
        for index in 0..<HostLog.watcherBuffer { #expect(await iterator.next()?.message == "line \(index)") }
        log.info("after")
        let next = await iterator.next()
        #expect(next?.message == "after")
        #expect(next?.dropped == UInt64(10_000 - HostLog.watcherBuffer))
    }

    @Test func aFullStderrCostsLinesAndNeverBlocks() throws {
        var ends: [CInt] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]); close(ends[1]) }
        let log = HostLog(level: 1, descriptor: ends[1])
        // 300 lines of 1 kB: far more than a pipe holds, and nobody reads.
        for _ in 0..<300 { log.info(String(repeating: "x", count: 1000)) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        let count = read(ends[0], &buffer, buffer.count)
        #expect(count > 1000 && count < 200_000)
        log.info("now there is room")
        let next = read(ends[0], &buffer, buffer.count)
        let text = String(decoding: buffer[..<max(next, 0)], as: UTF8.self)
        #expect(text.hasPrefix("mien: info: host: now there is room ("))
        #expect(text.hasSuffix("lines lost before this one)\n"))
    }

    @Test func aLineStaysOneLine() async {
        let log = HostLog(level: 7, descriptor: -1)
        let lines = log.watch(level: 1)
        log.info("a\nb\u{1b}[31mc")
        log.close()
        for await line in lines { #expect(line.message == "a b [31mc") }
    }

    @Test func libraryLogsComeThroughWithTheirMetadata() async {
        let log = HostLog(level: 7, descriptor: -1)
        let lines = log.watch(level: 1)
        var logger = Logger(label: "library") { SwiftLogHandler(label: $0, log: log) }
        logger[metadataKey: "b"] = "2"
        logger.warning("careful", metadata: ["a": "1"])
        log.close()
        for await line in lines {
            #expect(line.level == 5)
            #expect(line.source == "library")
            #expect(line.message == "careful a=1 b=2")
        }
    }
}
