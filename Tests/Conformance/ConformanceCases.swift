/// The cases of this folder, as part of the program, so that it can put others to the test wherever it lies.
package enum ConformanceCases {
    /// Names and contents of the files, in the order in which they are played.
    package static let files: [(name: String, bytes: [UInt8])] = [
        ("hello.json", PackageResources.hello_json), ("frames.json", PackageResources.frames_json), ("calls.json", PackageResources.calls_json),
        ("streams.json", PackageResources.streams_json), ("ends.json", PackageResources.ends_json), ("errors.json", PackageResources.errors_json),
        ("flow.json", PackageResources.flow_json), ("many.json", PackageResources.many_json), ("description.json", PackageResources.description_json),
        ("estimates.json", PackageResources.estimates_json), ("client.json", PackageResources.client_json),
    ]
}
