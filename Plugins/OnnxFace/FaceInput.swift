import FaceFinding
import InferenceCore
import MienMedia

/// From a face in a picture to the network's input.
struct FaceInput: Sendable {
    private let input: FaceManifest.Input
    private let crop: FaceManifest.Crop
    /// `[channels][256]`: what each value of a pixel becomes.
    private let tables: [[Float]]

    init(_ manifest: FaceManifest) {
        input = manifest.input
        crop = manifest.crop
        tables = zip(input.mean, input.std).map { [scale = input.scale] mean, std in
            (0..<256).map { Float((Double($0) * scale - mean) / std) }
        }
    }

    /// What the manifest wants of a face, in the picture's own resolution or already of the input's extents. A face that is the whole picture is the picture.
    func cut(_ face: FoundFace, from picture: Picture) -> Picture {
        switch crop {
        case .box(let isSquare, let margin):
            return picture.cropped(to: face, margin: margin, isSquare: isSquare)
        case .aligned:
            // Landmarks in one point say nothing; the box is what is left then.
            return picture.aligned(to: face, width: input.width, height: input.height) ?? picture.cropped(to: face, isSquare: true)
        }
    }

    /// A crop as the network sees it: of the input's extents, grey or in colour.
    func fitted(_ crop: Picture) -> Picture {
        let crop = input.colour == .grey ? crop.grayscale() : crop
        if crop.width == input.width, crop.height == input.height { return crop }
        switch input.resize {
        case .bilinear: return crop.resizedBilinear(width: input.width, height: input.height)
        case .antialiased: return crop.resizedSmoothly(width: input.width, height: input.height)
        }
    }

    /// Pictures of the input's extents as numbers.
    ///
    /// - Returns: `[pictures, height, width, channels]`, channels in the order of the manifest's `colour`; grey pictures three times where it wants three.
    func tensor(_ pictures: [Picture]) -> Tensor {
        let channels = input.colour.channels, area = input.height * input.width
        var tensor = Tensor(uninitialized: [pictures.count, input.height, input.width, channels])
        tensor.withUnsafeMutableBufferPointer { values in
            for (index, picture) in pictures.enumerated() {
                precondition(picture.width == input.width && picture.height == input.height, "pictures are fitted first")
                let stride = picture.format.channels
                for channel in 0..<channels {
                    let table = tables[channel], source = stride == 1 ? 0 : input.colour == .bgr ? 2 - channel : channel
                    for pixel in 0..<area { values[(index * area + pixel) * channels + channel] = table[Int(picture.pixels[pixel * stride + source])] }
                }
            }
        }
        return tensor
    }
}
