internal import CNettle

/// SHA-256 by Nettle.
struct Digest {
    private var context = sha256_ctx()

    init() { nettle_sha256_init(&context) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        nettle_sha256_update(&context, bytes.count, start.assumingMemoryBound(to: UInt8.self))
    }

    /// 64 lower-case hexadecimal digits.
    mutating func finish() -> String {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_SIZE))
        mien_sha256_digest(&context, &digest)
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Digest of a whole file, read piece by piece.
    static func file(_ path: String) throws(ModelStoreError) -> String {
        let file = try Descriptor(reading: path)
        var digest = Digest()
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { piece.deallocate() }
        while true {
            let count = try file.read(into: piece)
            if count == 0 { return digest.finish() }
            digest.update(UnsafeRawBufferPointer(rebasing: piece[..<count]))
        }
    }
}
