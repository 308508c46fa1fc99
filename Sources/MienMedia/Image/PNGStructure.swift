/// What a walk over the chunks of a PNG file tells before anything is decoded or allocated.
struct PNGStructure {
    private(set) var width = 0
    private(set) var height = 0
    private(set) var bitDepth = 0
    /// 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha.
    private(set) var colourType = 0
    private(set) var hasTransparency = false
    private(set) var compressedBytes = 0
    private(set) var orientation = Orientation.upright

    init(_ bytes: UnsafeRawBufferPointer, limits: PictureLimits) throws(PictureError) {
        func number(_ position: Int) -> Int { bytes[position..<(position + 4)].reduce(0) { $0 << 8 | Int($1) } }
        let truncated = PictureError(.truncated, "the PNG file is cut off: it ends after \(bytes.count) bytes, before its end chunk")
        var position = PictureFileFormat.pngSignature.count
        while true {
            guard bytes.count - position >= 12 else { throw truncated }
            let length = number(position), type = number(position + 4)
            guard length <= Int(Int32.max) else { throw PictureError(.corrupt, "a PNG chunk states a length of \(length) bytes") }
            // The header stands first, so that nonsense is called nonsense before it is called cut off.
            guard width > 0 || type == Chunk.header else {
                throw PictureError(.corrupt, "the PNG file does not start with its header chunk")
            }
            guard bytes.count - position - 12 >= length else { throw truncated }
            let data = bytes[(position + 8)..<(position + 8 + length)]
            position += 12 + length
            switch type {
            case Chunk.header:
                guard width == 0, length == 13 else { throw PictureError(.corrupt, "the PNG header chunk is not as it must be") }
                width = number(data.startIndex)
                height = number(data.startIndex + 4)
                bitDepth = Int(data[data.startIndex + 8])
                colourType = Int(data[data.startIndex + 9])
                try limits.check(width: width, height: height)
            case Chunk.data: compressedBytes += length
            case Chunk.transparency: hasTransparency = true
            case Chunk.exif: orientation = Orientation(tiff: data)
            case Chunk.end:
                guard compressedBytes > 0 else { throw PictureError(.corrupt, "the PNG file ends without a picture in it") }
                return
            default: break
            }
        }
    }

    var isGray: Bool { colourType == 0 || colourType == 4 }
    var hasAlpha: Bool { colourType == 4 || colourType == 6 || hasTransparency }
    var bitsPerPixel: Int { bitDepth * (colourType == 2 ? 3 : colourType == 4 ? 2 : colourType == 6 ? 4 : 1) }

    private enum Chunk {
        static let header = 0x4948_4452
        static let data = 0x4944_4154
        static let transparency = 0x7452_4E53
        static let exif = 0x6558_4966
        static let end = 0x4945_4E44
    }
}
