import MienMedia

/// libFuzzer's entry: any bytes are a PNG that decodes, or an error.
@c(LLVMFuzzerTestOneInput)
public func fuzzPNG(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    var limits = PictureLimits()
    limits.maximumPixels = 1 << 18
    guard let picture = try? Picture.decode(UnsafeRawBufferPointer(start: data, count: size), limits: limits) else { return 0 }
    let gray = picture.grayscale().resizedBilinear(width: 64, height: 64)
    guard gray.pixels.count == 4096 else { fatalError("a resized picture has the size asked for") }
    return 0
}
