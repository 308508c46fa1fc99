internal import CSpng
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Writes pictures as PNG.
package enum PNGEncoder {
    /// - Returns: A PNG file of 8 bits per sample, grey or RGB.
    /// - Throws: `PictureError` if the library refuses or memory is short.
    package static func encode(_ picture: Picture) throws(PictureError) -> [UInt8] {
        guard let context = spng_ctx_new(Int32(SPNG_CTX_ENCODER.rawValue)) else { throw PictureError(.corrupt, "no memory for a PNG encoder") }
        defer { spng_ctx_free(context) }
        var header = spng_ihdr()
        (header.width, header.height, header.bit_depth) = (UInt32(picture.width), UInt32(picture.height), 8)
        header.color_type = UInt8((picture.format == .rgb ? SPNG_COLOR_TYPE_TRUECOLOR : SPNG_COLOR_TYPE_GRAYSCALE).rawValue)
        var status = spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1)
        if status == 0 { status = spng_set_ihdr(context, &header) }
        if status == 0 {
            status = picture.pixels.withUnsafeBytes {
                spng_encode_image(context, $0.baseAddress, $0.count, Int32(SPNG_FMT_PNG.rawValue), Int32(SPNG_ENCODE_FINALIZE.rawValue))
            }
        }
        var count = 0
        guard status == 0, let file = spng_get_png_buffer(context, &count, &status) else {
            throw PictureError(.corrupt, "PNG encoder: \(String(cString: spng_strerror(status)))")
        }
        defer { free(file) }
        return Array(UnsafeRawBufferPointer(start: file, count: count))
    }
}
