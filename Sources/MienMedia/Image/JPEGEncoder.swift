import CTurboJPEG

/// Pictures as baseline JPEG files.
package enum JPEGEncoder {
    /// - Parameter quality: 1...100, libjpeg's scale.
    /// - Returns: A JFIF file; colour is stored with half the resolution both ways (4:2:0) below quality 90, in full from there on.
    /// - Throws: `PICTURE_DIMENSIONS` for pictures without pixels or over 65,535 on a side.
    package static func encode(_ picture: Picture, quality: Int = 90) throws(PictureError) -> [UInt8] {
        guard (1...65_535).contains(picture.width), (1...65_535).contains(picture.height) else {
            throw PictureError(.dimensions, "JPEG cannot hold \(picture.width) x \(picture.height) pixels")
        }
        guard let handle = tjInitCompress() else { throw PictureError(.corrupt, "the JPEG encoder could not be started") }
        defer { tjDestroy(handle) }
        let isGray = picture.format == .gray
        let sampling = Int32((isGray ? TJSAMP_GRAY : quality < 90 ? TJSAMP_420 : TJSAMP_444).rawValue)
        var size = tjBufSize(Int32(picture.width), Int32(picture.height), sampling)
        var status: Int32 = 0
        let file = [UInt8](unsafeUninitializedCapacity: Int(size)) { out, count in
            var start = out.baseAddress
            status = picture.pixels.withUnsafeBufferPointer { source in
                tjCompress2(handle, source.baseAddress, Int32(picture.width), 0, Int32(picture.height),
                            Int32((isGray ? TJPF_GRAY : TJPF_RGB).rawValue), &start, &size, sampling,
                            Int32(min(max(quality, 1), 100)), TJFLAG_NOREALLOC | TJFLAG_ACCURATEDCT)
            }
            count = status == 0 ? Int(size) : 0
        }
        guard status == 0 else {
            let message = tjGetErrorStr2(handle).map { String(cString: $0) } ?? "unknown error"
            throw PictureError(.corrupt, "the JPEG file cannot be written: \(message)")
        }
        return file
    }
}
