import CTurboJPEG

/// JPEG by libjpeg-turbo: baseline and progressive; grey, YCbCr, RGB, CMYK and YCCK.
enum JPEGDecoder {
    static func decode(_ bytes: UnsafeRawBufferPointer, limits: PictureLimits) throws(PictureError) -> Picture {
        let structure = try JPEGStructure(bytes, limits: limits)
        let (width, height) = (structure.width, structure.height)
        // A Huffman code has at least one bit, and each 8x8 block at least one code. Fewer bytes cannot hold the picture, so they are
        // not worth its memory.
        guard structure.blocks / 8 <= bytes.count else {
            throw PictureError(.corrupt, "\(bytes.count) bytes of JPEG cannot hold \(width) x \(height) pixels")
        }
        let divisor = divisor(width: width, height: height, sufficientSide: limits.sufficientSide)
        let (outWidth, outHeight) = ((width + divisor - 1) / divisor, (height + divisor - 1) / divisor)

        guard let handle = tjInitDecompress() else { throw PictureError(.corrupt, "the JPEG decoder could not be started") }
        defer { tjDestroy(handle) }
        let (layout, channels) = switch structure.components {
        case 1: (TJPF_GRAY, 1)
        case 3: (TJPF_RGB, 3)
        default: (TJPF_CMYK, 4)
        }
        var pixels = [UInt8](repeating: 0, count: outWidth * outHeight * channels)
        func run(_ flags: Int32) -> Int32 {
            pixels.withUnsafeMutableBufferPointer { out in
                tjDecompress2(handle, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt(bytes.count), out.baseAddress,
                              Int32(outWidth), Int32(outWidth * channels), Int32(outHeight), Int32(layout.rawValue), flags)
            }
        }
        // The first warning stops the decoder: a damaged file can warn for minutes. Only stray bytes between segments, which real
        // cameras write, are worth a second try.
        if run(TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS) != 0 {
            try check(handle, forgiving: true, bytes)
            if run(TJFLAG_LIMITSCANS) != 0 { try check(handle, forgiving: true, bytes) }
        }
        if structure.components == 4 { pixels = rgb(invertedCMYK: pixels) }
        return Picture(width: outWidth, height: outHeight, format: structure.components == 1 ? .gray : .rgb, pixels: pixels,
                       originalWidth: width, originalHeight: height).oriented(structure.orientation)
    }

    /// 1, 2, 4 or 8: the factors that the inverse DCT does at reduced size, with vector code.
    static func divisor(width: Int, height: Int, sufficientSide: Int?) -> Int {
        guard let sufficientSide else { return 1 }
        return [8, 4, 2].first { (max(width, height) + $0 - 1) / $0 >= max(sufficientSide, 1) } ?? 1
    }

    private static func check(_ handle: tjhandle, forgiving: Bool, _ bytes: UnsafeRawBufferPointer) throws(PictureError) {
        let message = tjGetErrorStr2(handle).map { String(cString: $0) } ?? "unknown error"
        let isWarning = tjGetErrorCode(handle) == Int32(TJERR_WARNING.rawValue)
        if isWarning, forgiving, message.contains("extraneous bytes") { return }
        if message.contains("Premature end of JPEG") {
            throw PictureError(.truncated, "the JPEG file is cut off: its data end before the picture does")
        }
        if message.contains("premature end of data segment") {
            throw PictureError(.truncated, "the JPEG file lacks data: a segment ends before its part of the picture does")
        }
        throw PictureError(.corrupt, "the JPEG file is damaged: \(message)")
    }

    /// Adobe stores 255 minus the ink; light is then simply ink times black.
    private static func rgb(invertedCMYK cmyk: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: cmyk.count / 4 * 3) { out, count in
            for pixel in 0..<(cmyk.count / 4) {
                let black = Int(cmyk[pixel * 4 + 3])
                for channel in 0..<3 { out[pixel * 3 + channel] = UInt8((Int(cmyk[pixel * 4 + channel]) * black + 127) / 255) }
            }
            count = cmyk.count / 4 * 3
        }
    }
}
