package import MienEstimation

/// What `face.json` says about a network that reads faces: which file it is, what it wants to see and what its numbers mean.
///
/// docs/onnx-faces.md explains every key.
package struct FaceManifest: Sendable, Equatable {
    /// Of the estimator, as requests name it, and of its model.
    package var id: String
    package var version: String
    /// One sentence.
    package var summary: String
    /// Of the weights; an SPDX identifier where there is one.
    package var licence: String
    /// Whom to name, as the licence asks.
    package var attribution: String
    package var model: Model
    package var input: Input
    package var crop: Crop
    /// In the order of the manifest; outputs of the graph that it does not name are not looked at.
    package var outputs: [Output]

    package struct Model: Sendable, Equatable {
        /// Path of the ONNX file, relative to the manifest's folder.
        package var file: String
        /// 64 lower-case hexadecimal digits.
        package var sha256: String
    }

    /// How pixels become the network's input: `(pixel * scale - mean) / std` for each channel, of pixels from 0 to 255.
    package struct Input: Sendable, Equatable {
        /// In pixels, as the network wants them.
        package var height: Int
        package var width: Int
        package var colour: Colour
        package var resize: Resize
        package var scale: Double
        /// One for each channel, in the order of `colour`.
        package var mean: [Double]
        package var std: [Double]
    }

    package enum Colour: String, Sendable, CaseIterable {
        case rgb, bgr, grey

        package var channels: Int { self == .grey ? 1 : 3 }
    }

    package enum Resize: String, Sendable, CaseIterable {
        /// Between the four nearest pixels: `cv2.resize` by default.
        case bilinear
        /// Of all pixels that a pixel of the result covers: Pillow's and torchvision's `BILINEAR`.
        case antialiased
    }

    /// What of the photo the network gets to see.
    package enum Crop: Sendable, Equatable {
        /// The face's box, with a margin on every side as a share of its extents, -0.4...1.
        case box(isSquare: Bool, margin: Float)
        /// Turned upright, with eyes, nose and mouth where ArcFace has them.
        case aligned
    }

    /// One output of the graph, `[faces, values.count]`.
    package struct Output: Sendable, Equatable {
        /// Nil if it is the graph's only one.
        package var name: String?
        /// Of the labels; dimensions are what the network says.
        package var activation: Activation
        /// Of the labels after the activation; without labels it says nothing.
        package var scale: NativeScale
        /// What each number means, in the network's order.
        package var values: [Value]
    }

    package enum Activation: String, Sendable, CaseIterable {
        case softmax, sigmoid, none
    }

    package enum Value: Sendable, Equatable {
        /// A class in the model's words, and its category of EmoNet; nil for one that has none, such as "neutral".
        case label(String, MienEstimation.Category?)
        case dimension(Dimension, NativeScale)
    }
}

extension FaceManifest {
    private var values: [Value] { outputs.flatMap(\.values) }

    /// What it can speak about, in the order of the network's numbers.
    package var categories: [MienEstimation.Category] {
        values.compactMap { if case .label(_, let category) = $0 { category } else { nil } }
    }

    package var dimensions: [Dimension] {
        values.compactMap { if case .dimension(let dimension, _) = $0 { dimension } else { nil } }
    }

    /// The network's numbers in its own words and order.
    package var nativeLabels: [String] { values.map(\.label) }
}

extension FaceManifest.Value {
    package var label: String {
        switch self {
        case .label(let label, _): label
        case .dimension(let dimension, _): dimension.rawValue
        }
    }
}
