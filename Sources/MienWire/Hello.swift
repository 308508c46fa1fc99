package import MienMessages

/// The opening of a connection: what we say, and what we make of what the other side says.
package enum Handshake {
    package static let magic = "mien"
    /// Protocol majors that this code speaks.
    package static let majors: ClosedRange<UInt32> = 1...1

    package static func hello(name: String, version: String, pid: UInt32, limits: WireLimits, features: [String]) -> Proto.Hello {
        Proto.Hello(magic: magic, minMajor: majors.lowerBound, maxMajor: majors.upperBound, peerName: name, peerVersion: version, pid: pid,
                    limits: Proto.Limits(limits), features: features)
    }

    /// Agrees on a version and reads the other side's limits, or says why that cannot be.
    package static func accept(_ hello: Proto.Hello) throws(ProtocolViolation) -> PeerInfo {
        guard hello.magic == magic else {
            throw ProtocolViolation("the other side is no Mien program: its Hello begins with the magic \"\(hello.magic.prefix(40))\"")
        }
        let who = hello.peerName.isEmpty ? "the other side" : "\(hello.peerName) \(hello.peerVersion)"
        guard hello.minMajor >= 1, hello.minMajor <= hello.maxMajor else {
            throw ProtocolViolation("\(who) sent the impossible range of protocol versions \(hello.minMajor)-\(hello.maxMajor)")
        }
        guard hello.minMajor <= majors.upperBound, hello.maxMajor >= majors.lowerBound else {
            throw ProtocolViolation("no common protocol version: \(who) speaks \(hello.minMajor)-\(hello.maxMajor), "
                                    + "this side speaks \(majors.lowerBound)-\(majors.upperBound)")
        }
        let limits = WireLimits(hello.limits ?? Proto.Limits())
        guard limits.maxFrameBytes >= WireLimits.smallestMaxFrameBytes, limits.maxFrameBytes < WireLimits.frameBytesBound else {
            throw ProtocolViolation("\(who) asks for frames of at most \(limits.maxFrameBytes) bytes; "
                                    + "allowed are \(WireLimits.smallestMaxFrameBytes) to \(WireLimits.frameBytesBound - 1)")
        }
        return PeerInfo(name: hello.peerName, version: hello.peerVersion, pid: hello.pid, major: min(hello.maxMajor, majors.upperBound),
                        limits: limits, features: hello.features)
    }
}

/// What one side is ready to receive.
package struct WireLimits: Sendable, Hashable {
    /// Every length below this begins with a byte that no text begins with.
    package static let frameBytesBound = 128 << 20
    /// Room for metadata, an error and a chunk.
    package static let smallestMaxFrameBytes = 64 << 10

    /// Largest frame in bytes, length prefix not counted: 64 KiB up to, but not including, 128 MiB.
    package var maxFrameBytes = 16 << 20
    /// Largest message in bytes, its chunks joined.
    package var maxMessageBytes = 64 << 20
    /// Calls that may be open at once.
    package var maxOpenCalls = 1024
    /// Bytes of payload that may be on their way on one call.
    package var callWindowBytes = 1 << 20
    /// Bytes of payload that may be on their way on all calls together.
    package var connectionWindowBytes = 16 << 20
    package init() {}

    /// From the wire, where 0 means the default. Sizes above 2^50 are taken as 2^50.
    package init(_ limits: Proto.Limits) {
        func size(_ value: UInt64, _ standard: Int) -> Int { value == 0 ? standard : Int(min(value, 1 << 50)) }
        maxFrameBytes = size(UInt64(limits.maxFrameBytes), maxFrameBytes)
        maxMessageBytes = size(limits.maxMessageBytes, maxMessageBytes)
        maxOpenCalls = size(UInt64(limits.maxOpenCalls), maxOpenCalls)
        callWindowBytes = size(limits.callWindowBytes, callWindowBytes)
        connectionWindowBytes = size(limits.connectionWindowBytes, connectionWindowBytes)
    }

    /// Chunks that go to a peer with these limits.
    var chunkBytes: Int { min(64 << 10, maxFrameBytes / 2) }
}

extension Proto.Limits {
    package init(_ limits: WireLimits) {
        self.init(maxFrameBytes: UInt32(limits.maxFrameBytes), maxMessageBytes: UInt64(limits.maxMessageBytes),
                  maxOpenCalls: UInt32(clamping: limits.maxOpenCalls), callWindowBytes: UInt64(limits.callWindowBytes),
                  connectionWindowBytes: UInt64(limits.connectionWindowBytes))
    }
}

/// What the other side has said about itself.
package struct PeerInfo: Sendable, Equatable {
    package var name: String
    package var version: String
    package var pid: UInt32
    /// The protocol major in use.
    package var major: UInt32
    package var limits: WireLimits
    package var features: [String]
}
