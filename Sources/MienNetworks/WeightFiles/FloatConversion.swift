/// Widening of stored floats to `Float`, from little-endian bytes at any alignment.
enum FloatConversion {
    /// Converts `count` elements of `type`; nil if `type` is not a float of 16 bits or more.
    static func floats(_ bytes: UnsafeRawBufferPointer, type: ElementType, count: Int) -> [Float]? {
        switch type {
        case .f32:
            precondition(bytes.count == count * 4)
            return [Float](unsafeUninitializedCapacity: count) { buffer, used in
#if _endian(little)
                if count > 0 { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes) }
#else
                for i in 0..<count {
                    buffer[i] = Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: i * 4, as: UInt32.self)))
                }
#endif
                used = count
            }
        case .f16: return map(bytes, count) { (bits: UInt16) in float(half: bits) }
        case .bf16: return map(bytes, count) { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
        case .f64: return map(bytes, count) { (bits: UInt64) in Float(Double(bitPattern: bits)) }
        default: return nil
        }
    }

    private static func map<Bits: FixedWidthInteger & BitwiseCopyable>(
        _ bytes: UnsafeRawBufferPointer, _ count: Int, _ convert: (Bits) -> Float
    ) -> [Float] {
        let width = MemoryLayout<Bits>.size
        precondition(bytes.count == count * width)
        return [Float](unsafeUninitializedCapacity: count) { buffer, used in
            for i in 0..<count {
                buffer.initializeElement(at: i, to: convert(Bits(littleEndian: bytes.loadUnaligned(fromByteOffset: i * width, as: Bits.self))))
            }
            used = count
        }
    }

    /// IEEE 754 binary16, by its bits: `Float16` does not exist on every platform that Swift runs on.
    static func float(half bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10) & 0x1f
        let fraction = UInt32(bits) & 0x3ff
        switch exponent {
        case 0: // zero or subnormal: fraction * 2^-24, exact in f32
            let magnitude = Float(fraction) * Float(sign: .plus, exponent: -24, significand: 1)
            return Float(bitPattern: sign | magnitude.bitPattern)
        case 0x1f: return Float(bitPattern: sign | 0x7f80_0000 | fraction << 13)
        default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }
}
