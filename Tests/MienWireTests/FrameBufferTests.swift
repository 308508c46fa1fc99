import MienMessages
@testable import MienWire
import Testing

@Suite struct FrameBufferTests {
    /// Puts bytes in as they fit and takes out all frames.
    private func feed(_ buffer: inout FrameBuffer, _ bytes: [UInt8]) throws -> [[UInt8]] {
        var frames: [[UInt8]] = [], rest = bytes[...]
        while !rest.isEmpty {
            let count = buffer.fill { space in
                let count = min(space.count, rest.count)
                rest.prefix(count).withUnsafeBytes { space.copyMemory(from: $0) }
                return count
            }
            #expect(count > 0)
            rest = rest.dropFirst(count)
            while let frame = try buffer.next({ Array($0) }) { frames.append(frame) }
        }
        return frames
    }

    private func framed(_ frame: [UInt8]) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: frame.count >> (24 - 8 * $0)) } + frame }

    @Test func aStreamCutAtEveryPosition() throws {
        let frames: [[UInt8]] = [[1], [], [2, 3, 4], pattern(300), []]
        let stream = frames.flatMap { framed($0) }
        for cut in 0...stream.count {
            var buffer = FrameBuffer(maxFrameBytes: 1000)
            let got = try feed(&buffer, Array(stream[..<cut])) + feed(&buffer, Array(stream[cut...]))
            #expect(got == frames)
            #expect(buffer.truncation == nil)
        }
    }

    @Test func aStreamByteByByte() throws {
        let frames: [[UInt8]] = [[], [9], pattern(70), []]
        var buffer = FrameBuffer(maxFrameBytes: 100)
        var got: [[UInt8]] = []
        for byte in frames.flatMap({ framed($0) }) { got += try feed(&buffer, [byte]) }
        #expect(got == frames)
    }

    @Test func framesLargerThanTheBufferBetweenSmallOnes() throws {
        let frames = [[1], pattern(3_000_000), [2], pattern(262_140), pattern(262_141), pattern(500_000), []]
        var buffer = FrameBuffer(maxFrameBytes: 3_000_000)
        #expect(try feed(&buffer, frames.flatMap { framed($0) }) == frames)
    }

    @Test func aLengthAboveTheLimitIsRefusedAtItsFourthByte() throws {
        var buffer = FrameBuffer(maxFrameBytes: 1000)
        #expect(try feed(&buffer, [0, 0, 3]).isEmpty)
        #expect(throws: ProtocolViolation("a frame of 1001 bytes exceeds the limit of 1000")) { try feed(&buffer, [0xE9]) }
        var exact = FrameBuffer(maxFrameBytes: 1000)
        #expect(try feed(&exact, framed(pattern(1000))).count == 1)
    }

    @Test func textIsShownInTheError() throws {
        var buffer = FrameBuffer(maxFrameBytes: 16 << 20)
        #expect(throws: ProtocolViolation(#"the stream carries text instead of a frame: "Loading model\n\u{1B}[1m""#.replacing(#"\u{1B}"#, with: "\\u{1B}"))) {
            try feed(&buffer, Array("Loading model\n\u{1B}[1m".utf8))
        }
    }

    @Test func theEndOfTheStreamIsExplained() throws {
        func truncation(_ bytes: [UInt8]) throws -> String? {
            var buffer = FrameBuffer(maxFrameBytes: 1000)
            _ = try feed(&buffer, bytes)
            return buffer.truncation
        }
        #expect(try truncation([]) == nil)
        #expect(try truncation([0, 0]) == "the stream ended inside a frame's length, after 2 of 4 bytes")
        #expect(try truncation([0, 0, 0, 9, 1, 2]) == "the stream ended inside a frame, after 2 of 9 bytes")
        #expect(try truncation(Array("hi\n".utf8)) == #"the stream carried text instead of a frame, then ended: "hi\n""#)
    }

    @Test func aHugeLengthCostsNoMemoryBeforeItsBytesArrive() throws {
        var buffer = FrameBuffer(maxFrameBytes: 127 << 20)
        _ = try feed(&buffer, [7, 0, 0, 0])
        var offered = 0
        _ = buffer.fill { space in offered = space.count; return 0 }
        #expect(offered <= 512 << 10)
    }

    @Test func helloRoundTripAndRefusals() throws {
        let hello = Handshake.hello(name: "a", version: "1", pid: 3, limits: .init(), features: ["f"])
        #expect(try Handshake.accept(hello).limits == WireLimits())
        func refusal(_ change: (inout Proto.Hello) -> Void) -> String? {
            var changed = hello
            change(&changed)
            do { _ = try Handshake.accept(changed); return nil } catch { return error.description }
        }
        #expect(refusal { $0.magic = "lsp" } == #"the other side is no Mien program: its Hello begins with the magic "lsp""#)
        #expect(refusal { $0.minMajor = 2; $0.maxMajor = 5 } == "no common protocol version: a 1 speaks 2-5, this side speaks 1-1")
        #expect(refusal { $0.minMajor = 0; $0.maxMajor = 0 } != nil)
        #expect(refusal { $0.minMajor = 3; $0.maxMajor = 2 } != nil)
        #expect(refusal { $0.maxMajor = 9 } == nil)
        #expect(refusal { $0.limits = nil } == nil)
        #expect(refusal { $0.limits?.maxFrameBytes = 100 } != nil)
        #expect(refusal { $0.limits?.maxFrameBytes = 128 << 20 } != nil)
        #expect(refusal { $0.limits?.maxFrameBytes = (128 << 20) - 1; $0.limits?.callWindowBytes = .max } == nil)
    }
}
