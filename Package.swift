// swift-tools-version: 6.2
// Rules of this file: one constant per kind of setting; targets listed floor by floor, lowest first;
// an import may only point to a lower floor, and every dependency is written down.
import PackageDescription

/// Settings of every Swift target. Swift 6 mode is the package's language mode, below.
let swift: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// Settings of our own C. Warnings are part of the build; optimisation is on in debug builds too, because
/// kernels written with intrinsics are hundreds of times slower without it and the tests run real networks.
let c: [CSetting] = [
    .unsafeFlags(["-Wall", "-Wextra", "-O3", "-fno-math-errno"])
]

/// Fuzzers are only there when asked for: they have no main of their own and link against libFuzzer.
let isFuzzing = Context.environment["MIEN_FUZZ"] == "1"

/// Unrolled kernels with sanitizers in them are optimised for minutes, which fuzzing does not need.
let kernels = c + (isFuzzing ? [.unsafeFlags(["-O1"])] : [])

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")

/// A system library: a folder with a module map and a shim header, found through pkg-config.
func library(_ name: String, pkgConfig: String, apt: String, brew: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt]), .brew([brew])])
}

func module(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil, exclude: [String] = [],
            resources: [Resource]? = nil) -> Target {
    .target(name: name, dependencies: dependencies, path: path, exclude: exclude, resources: resources, swiftSettings: swift)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: swift)
}

let package = Package(
    name: "mien",
    products: [
        .executable(name: "mien", targets: ["mien"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        // Without its default trait it needs no Foundation, which would slow the start of the host.
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        // Floor 1: system libraries, generated protobuf-c, the SIMD kernels and the inference core.
        library("CProtobufC", pkgConfig: "libprotobuf-c", apt: "libprotobuf-c-dev", brew: "protobuf-c"),
        library("CSndfile", pkgConfig: "sndfile", apt: "libsndfile1-dev", brew: "libsndfile"),
        library("CSamplerate", pkgConfig: "samplerate", apt: "libsamplerate0-dev", brew: "libsamplerate"),
        library("CTurboJPEG", pkgConfig: "libturbojpeg", apt: "libturbojpeg0-dev", brew: "jpeg-turbo"),
        library("CSpng", pkgConfig: "spng", apt: "libspng-dev", brew: "libspng"),
        library("CNettle", pkgConfig: "nettle", apt: "nettle-dev", brew: "nettle"),
        .target(name: "CMessageValidator", dependencies: ["CProtobufC"], cSettings: c),
        .target(name: "CMienProtos", dependencies: ["CProtobufC"]),
        .target(name: "COnnxProtos", dependencies: ["CProtobufC"]),
        .target(name: "CProcess", cSettings: c),
        .target(name: "CPluginABI", cSettings: c),
        .target(name: "CInferenceKernels", cSettings: kernels),
        module("InferenceCore", ["CInferenceKernels", "CProcess"]),
        module("MienJSON", []),
        module("MienDigest", ["CNettle"]),

        // Floor 2: messages and wire, media, networks.
        module("MienReflection", ["MienJSON"]),
        module("MienManifest", ["MienJSON", "MienDigest"]),
        module("MienMessages", ["CMienProtos", "CMessageValidator", "CProtobufC"]),
        module("MienWire", ["MienMessages", "CProcess"]),
        module("MienMedia", ["CTurboJPEG", "CSpng", "CSndfile", "CSamplerate", "InferenceCore"]),
        module("MienNetworks", ["InferenceCore", "MienJSON", "MienDigest", "MienManifest", "COnnxProtos", "CMessageValidator", "CProtobufC"]),

        // Floor 3: the vocabulary of emotion estimation.
        module("MienEstimation", ["MienMedia"]),

        // Floor 4: host, client library, and the estimators (which know neither).
        module("MienModels", ["MienJSON", "MienDigest", subprocess]),
        module("MienHost", ["MienWire", "MienMessages", "MienMedia", "MienEstimation", "MienModels", "InferenceCore", "CProcess", logging]),
        module("MienClient", ["MienWire", "MienMessages", "CProcess"]),
        // Programs that speak the protocol, put to the test: the cases are data.
        module("MienConformance", ["MienWire", "MienMessages", "MienReflection", "MienJSON", "MienEstimation", "CProcess"]),
        module("ConformanceCases", [], path: "Tests/Conformance", exclude: ["README.md", "broken"],
               resources: ["hello", "frames", "calls", "streams", "ends", "errors", "flow", "many", "description", "estimates", "client"].map { .embedInCode("\($0).json") }),
        // Not an estimator, but what those that read faces share.
        module("FaceFinding", ["MienEstimation", "MienMedia", "MienNetworks", "InferenceCore"], path: "Plugins/FaceFinding", resources: [.embedInCode("model.json")]),
        module("FaceExpression", ["FaceFinding", "MienEstimation", "MienMedia", "MienNetworks", "InferenceCore"], path: "Plugins/FaceExpression",
               exclude: ["MODEL_CARD.md"], resources: [.embedInCode("model.json"), .embedInCode("import_hdf5.py")]),
        module("EmpathicFace", ["FaceFinding", "MienEstimation", "MienMedia", "MienNetworks", "MienJSON", "InferenceCore"], path: "Plugins/EmpathicFace",
               exclude: ["MODEL_CARD.md"], resources: [.embedInCode("model.json")]),
        module("OnnxFace", ["FaceFinding", "MienEstimation", "MienManifest", "MienMedia", "MienNetworks", "MienJSON", "InferenceCore"], path: "Plugins/OnnxFace",
               exclude: ["examples"]),
        module("SpeechFinding", ["MienEstimation", "MienNetworks", "InferenceCore"], path: "Plugins/SpeechFinding", resources: [.embedInCode("model.json")]),
        module("EmpathicVoice", ["SpeechFinding", "MienEstimation", "MienMedia", "MienNetworks", "MienJSON", "InferenceCore"], path: "Plugins/EmpathicVoice",
               exclude: ["MODEL_CARD.md"], resources: [.embedInCode("model.json")]),
        // Plugins from elsewhere: manifests, processes, and estimators that ask them.
        module("MienPlugins", ["MienHost", "MienWire", "MienMessages", "MienManifest", "MienJSON", "MienEstimation", "MienMedia", "MienNetworks", "InferenceCore", "FaceFinding", "SpeechFinding", "CPluginABI",
                               "CProcess"]),
        // The weights in the binary: C's #embed, since Swift compiles a large array literal for minutes.
        .target(name: "CVoiceEmotionWeights", path: "Plugins/VoiceEmotion/weights", exclude: ["voice.safetensors"]),
        module("VoiceEmotion", ["SpeechFinding", "MienEstimation", "MienMedia", "MienNetworks", "MienJSON", "InferenceCore", "CVoiceEmotionWeights"], path: "Plugins/VoiceEmotion",
               exclude: ["LICENSE-WHISPER", "MODEL_CARD.md", "training", "weights"], resources: [.embedInCode("model.json")]),

        // Floor 5: the command, which alone introduces the built-in plugins to the host.
        .executableTarget(name: "mien",
                          dependencies: ["MienHost", "MienClient", "MienModels", "MienMedia", "MienMessages", "MienWire", "MienJSON", "MienReflection", "FaceExpression", "FaceFinding", "EmpathicFace", "EmpathicVoice", "OnnxFace", "SpeechFinding", "MienPlugins", "MienManifest", "MienConformance", "ConformanceCases",
                                         "VoiceEmotion", "InferenceCore", "MienNetworks", "CSndfile", "CSamplerate", "CTurboJPEG", "CSpng", "CProtobufC", "CProcess", "MienEstimation", argumentParser],
                          resources: ["python.json", "voice.py", "face.py", "library.json", "voice.c", "face.c", "mien_plugin.h", "manifest.swift", "interface.swift", "voice.swift", "face.swift"].map { .embedInCode("Templates/\($0)") }, swiftSettings: swift),
        .target(name: "CPeak", path: "Benchmarks/peak", cSettings: c),
        .executableTarget(name: "mien-bench", dependencies: ["CPeak", "InferenceCore", "MienMedia", "MienNetworks", "MienEstimation", "MienHost", "MienMessages", "MienPlugins", "MienWire"], path: "Benchmarks/mien-bench",
                          swiftSettings: swift),

        .target(name: "TestSupport", dependencies: ["MienClient"], path: "Tests/Support/TestSupport", swiftSettings: swift),
        tests("MienHostTests", ["MienHost", "MienModels", "MienClient", "MienWire", "MienMessages", "MienReflection", "MienEstimation", "MienMedia", "VoiceFakes", logging]),
        tests("mienTests", ["TestSupport", "mien", "noisy-host", argumentParser, "MienClient", "MienMessages", "MienModels", "MienReflection", "MienWire"]),
        .target(name: "CNoise", path: "Tests/Support/CNoise", cSettings: c),
        .executableTarget(name: "noisy-host", dependencies: ["CNoise", "MienEstimation", "MienHost", "MienMedia", "MienWire"],
                          path: "Tests/Support/NoisyHost", swiftSettings: swift),
        .target(name: "CFaults", path: "Tests/Support/CFaults", cSettings: c),
        .executableTarget(name: "faulty-plugin", dependencies: ["CFaults", "MienMessages", "MienWire"], path: "Tests/Support/FaultyPlugin", swiftSettings: swift),
        .executableTarget(name: "expression-plugin", dependencies: ["InferenceCore", "MienMessages", "MienNetworks", "MienWire"], path: "Tests/Support/ExpressionPlugin",
                          swiftSettings: swift),
        tests("MienPluginsTests", ["TestSupport", "OnnxWriting", "MienPlugins", "faulty-plugin", "expression-plugin", "CFaults", "mien", "MienHost", "MienClient", "MienWire", "MienMessages", "MienManifest", "MienEstimation", "MienMedia", "MienNetworks", "InferenceCore", "MienDigest",
                                   "CPluginABI", "CProcess"]),
        tests("MienMediaTests", ["MienMedia", "MienNetworks", "InferenceCore"], exclude: ["Fixtures"]),
        .target(name: "VoiceFakes", dependencies: ["MienEstimation"], path: "Tests/Support/VoiceFakes", swiftSettings: swift),
        tests("MienEstimationTests", ["MienEstimation", "MienMedia", "VoiceFakes"]),
        tests("FaceFindingTests", ["FaceFinding", "MienEstimation", "MienMedia", "InferenceCore"]),
        tests("FaceExpressionTests", ["FaceExpression", "MienEstimation", "MienMedia", "MienNetworks", "InferenceCore"], exclude: ["Fixtures"]),
        .target(name: "OnnxWriting", dependencies: ["InferenceCore"], path: "Tests/Support/OnnxWriting", swiftSettings: swift),
        .target(name: "ReferenceModels", dependencies: ["InferenceCore", "MienNetworks"], path: "Tests/Support/ReferenceModels", swiftSettings: swift),
        tests("EmpathicFaceTests", ["TestSupport", "ReferenceModels", "EmpathicFace", "FaceFinding", "MienEstimation", "MienMedia", "MienNetworks", "MienJSON", "InferenceCore"], exclude: ["Fixtures"]),
        tests("OnnxFaceTests", ["TestSupport", "OnnxFace", "FaceFinding", "MienEstimation", "MienManifest", "MienMedia", "MienNetworks", "MienDigest", "InferenceCore"], exclude: ["Fixtures"]),
        tests("EmpathicVoiceTests", ["TestSupport", "ReferenceModels", "EmpathicVoice", "SpeechFinding", "MienEstimation", "MienMedia", "MienNetworks", "InferenceCore"], exclude: ["Fixtures"]),
        tests("VoiceEmotionTests", ["VoiceEmotion", "SpeechFinding", "MienEstimation", "MienMedia", "MienNetworks", "InferenceCore"], exclude: ["Fixtures"]),
        tests("CProcessTests", ["CProcess"]),
        tests("InferenceCoreTests", ["InferenceCore", "CInferenceKernels"]),
        tests("MienMessagesTests", ["MienMessages"]),
        tests("MienWireTests", ["MienWire", "MienMessages", "CProcess"]),
        tests("MienJSONTests", ["MienJSON"]),
        tests("MienConformanceTests", ["MienConformance", "ConformanceCases", "MienReflection", "MienMessages", "MienJSON"]),
        tests("MienReflectionTests", ["MienReflection", "MienJSON"], exclude: ["Fixtures"]),
        tests("MienModelsTests", ["MienModels"], exclude: ["Support/server.py", "Support/hub.py", "Support/make_wheel.py"]),
        tests("MienNetworksTests", ["OnnxWriting", "MienNetworks", "InferenceCore", "MienDigest", "MienJSON", "CInferenceKernels", "COnnxProtos", "CMessageValidator", "CProtobufC"],
              exclude: ["Fixtures"]),
    ],
    swiftLanguageModes: [.v6]
)

if isFuzzing {
    func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
        .executableTarget(name: name, dependencies: dependencies, path: "Tests/Fuzz/\(name)", swiftSettings: swift + [.unsafeFlags(["-parse-as-library"])])
    }
    package.targets += [
        fuzzer("FuzzSafetensors", ["MienNetworks"]),
        fuzzer("FuzzCTranslate2", ["MienNetworks"]),
        fuzzer("FuzzTorch", ["MienNetworks"]),
        fuzzer("FuzzOnnx", ["MienNetworks", "InferenceCore"]),
        fuzzer("FuzzFaceManifest", ["OnnxFace"]),
        fuzzer("FuzzPlugin", ["MienPlugins", "MienEstimation", "MienMessages"]),
        fuzzer("FuzzJPEG", ["MienMedia"]),
        fuzzer("FuzzPNG", ["MienMedia"]),
        fuzzer("FuzzAudio", ["MienMedia"]),
        fuzzer("FuzzFrames", ["MienWire", "MienMessages"]),
    ]
}
