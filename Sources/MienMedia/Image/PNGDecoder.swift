import CSpng

/// PNG by libspng: every colour type, bit depth and interlacing.
enum PNGDecoder {
    static func decode(_ bytes: UnsafeRawBufferPointer, limits: PictureLimits) throws(PictureError) -> Picture {
        let structure = try PNGStructure(bytes, limits: limits)
        let (width, height) = (structure.width, structure.height)
        // Deflate packs at most 1032 bytes into one.
        guard width * structure.bitsPerPixel / 8 * height / 1032 <= structure.compressedBytes else {
            throw PictureError(.corrupt, "\(structure.compressedBytes) bytes of PNG data cannot hold \(width) x \(height) pixels")
        }
        guard let context = spng_ctx_new(0) else { throw PictureError(.corrupt, "the PNG decoder could not be started") }
        defer { spng_ctx_free(context) }
        spng_set_image_limits(context, UInt32(limits.maximumSide), UInt32(limits.maximumSide))
        // Profiles and texts are of no use here; large ones are an attack on memory. A wrong checksum matters in the picture only.
        spng_set_chunk_limits(context, 1 << 26, 1 << 26)
        spng_set_crc_action(context, Int32(SPNG_CRC_ERROR.rawValue), Int32(SPNG_CRC_DISCARD.rawValue))
        try check(spng_set_png_buffer(context, bytes.baseAddress, bytes.count))

        // libspng converts grey to one byte only up to 8 bits; with 16 it goes through RGB.
        let (layout, channels) = structure.hasAlpha ? (SPNG_FMT_RGBA8, 4)
            : structure.isGray && structure.bitDepth <= 8 ? (SPNG_FMT_G8, 1) : (SPNG_FMT_RGB8, 3)
        var size = 0
        try check(spng_decoded_image_size(context, Int32(layout.rawValue), &size))
        guard size == width * height * channels else { throw PictureError(.corrupt, "the PNG header contradicts itself") }
        var pixels = [UInt8](repeating: 0, count: size)
        let flags = structure.hasAlpha ? Int32(SPNG_DECODE_TRNS.rawValue) : 0
        try check(pixels.withUnsafeMutableBytes { spng_decode_image(context, $0.baseAddress, size, Int32(layout.rawValue), flags) })
        try check(spng_decode_chunks(context))

        let format: Picture.Format = structure.isGray ? .gray : .rgb
        if channels != format.channels { flatten(&pixels, from: channels, to: format.channels) }
        return Picture(width: width, height: height, format: format, pixels: pixels).oriented(structure.orientation)
    }

    /// Shows what is transparent on white, and keeps the first `outChannels` channels. In place: the result is shorter.
    private static func flatten(_ pixels: inout [UInt8], from channels: Int, to outChannels: Int) {
        let count = pixels.count / channels
        pixels.withUnsafeMutableBufferPointer { pixels in
            for pixel in 0..<count {
                let alpha = channels == 4 ? Int(pixels[pixel * 4 + 3]) : 255
                for channel in 0..<outChannels {
                    let value = Int(pixels[pixel * channels + channel])
                    pixels[pixel * outChannels + channel] = UInt8((value * alpha + 255 * (255 - alpha) + 127) / 255)
                }
            }
        }
        pixels.removeLast(pixels.count - count * outChannels)
    }

    private static func check(_ status: Int32) throws(PictureError) {
        guard status != 0 else { return }
        let message = spng_strerror(status).map { String(cString: $0) } ?? "error \(status)"
        switch status {
        case Int32(SPNG_IO_EOF.rawValue), Int32(SPNG_EIDAT_TOO_SHORT.rawValue):
            throw PictureError(.truncated, "the PNG file is cut off: \(message)")
        case Int32(SPNG_EUSER_WIDTH.rawValue), Int32(SPNG_EUSER_HEIGHT.rawValue), Int32(SPNG_EMEM.rawValue), Int32(SPNG_EOVERFLOW.rawValue),
             Int32(SPNG_ECHUNK_LIMITS.rawValue):
            throw PictureError(.tooLarge, "the PNG file asks for too much: \(message)")
        default:
            throw PictureError(.corrupt, "the PNG file is damaged: \(message)")
        }
    }
}
