internal import CNettle

/// A digest of bytes that come in pieces, by Nettle.
package protocol HashFunction {
    mutating func update(_ bytes: UnsafeRawBufferPointer)
    /// The digest; what follows is a new one.
    mutating func finish() -> [UInt8]
}

package struct SHA256: HashFunction {
    private var context = sha256_ctx()

    package init() { nettle_sha256_init(&context) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        nettle_sha256_update(&context, bytes.count, start.assumingMemoryBound(to: UInt8.self))
    }

    package mutating func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_SIZE))
        mien_sha256_digest(&context, &digest)
        return digest
    }
}

/// For the names that git gives to contents; it protects from accidents only.
package struct SHA1: HashFunction {
    private var context = sha1_ctx()

    package init() { nettle_sha1_init(&context) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        nettle_sha1_update(&context, bytes.count, start.assumingMemoryBound(to: UInt8.self))
    }

    package mutating func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA1_DIGEST_SIZE))
        mien_sha1_digest(&context, &digest)
        return digest
    }
}

extension [UInt8] {
    /// Two lower-case digits for each byte.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
