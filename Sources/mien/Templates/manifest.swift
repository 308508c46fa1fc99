// swift-tools-version: 6.1
import PackageDescription

// On Linux the library brings a Swift runtime of its own along (swift_static of the toolchain), of which nobody else in the process sees a symbol: the host has one too, maybe of
// another version of Swift. A runtime cannot be unloaded, hence nodelete.
let compiling: [SwiftSetting] = [.unsafeFlags(["-static-stdlib"], .when(platforms: [.linux]))]
let linking: [LinkerSetting] = [
    .unsafeFlags(["-static-stdlib"] + ["--exclude-libs=ALL", "-Bsymbolic", "-z", "nodelete"].flatMap { ["-Xlinker", $0] }, .when(platforms: [.linux]))
]

let package = Package(
    name: "NAME",
    products: [.library(name: "NAME", type: .dynamic, targets: ["MODULE"])],
    targets: [
        .systemLibrary(name: "CMien"),
        .target(name: "MODULE", dependencies: ["CMien"], swiftSettings: compiling, linkerSettings: linking),
    ],
    swiftLanguageModes: [.v6]
)
