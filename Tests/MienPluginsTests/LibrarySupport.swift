import CPluginABI
import Foundation
import MienDigest
import MienEstimation
import MienHost
import MienMessages
import MienWire
import TestSupport

@testable import MienPlugins

/// A plugin in a library that was compiled a moment ago, in a folder of its own.
struct Compiled {
    let path: String
    let folder: PluginFolder
    let endpoint: LibraryEndpoint
    let log: HostLog
    private let lanes = ComputeLanes(count: 6)

    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    static let headers = "\(repository)/Sources/CPluginABI/include"
    /// Whether C can be compiled here.
    static let isPossible = (try? run("cc", ["--version"]))?.status == 0

    /// - Parameters:
    ///   - source: C; nil: there is no library.
    ///   - options: Of the compiler, such as "-DLOWEST=2".
    ///   - files: What lies in the folder and is listed, by name.
    ///   - manifest: All of plugin.json, for a plugin of its own.
    init(_ source: String?, in path: String, options: [String] = [], files: [String: [UInt8]] = [:], manifest: String? = nil) throws {
        self.path = path
        if let source { try Self.compile(source, to: "\(path)/libprobe.so", options) }
        for (name, bytes) in files { try Data(bytes).write(to: URL(filePath: "\(path)/\(name)")) }
        let listed = files.map { "{ \"file\": \"\($0)\", \"sha256\": \"\(Self.digest($1))\" }" }.joined(separator: ", ")
        try (manifest ?? Self.manifest(files: listed)).write(toFile: "\(path)/plugin.json", atomically: false, encoding: .utf8)
        folder = try PluginFolder(path: path)
        guard case .library(let library) = folder.manifest.kind else { preconditionFailure("the manifest is of a library") }
        log = HostLog(level: 7, descriptor: -1)
        endpoint = LibraryEndpoint(folder, library, log: log)
    }

    private static func manifest(files: String) -> String {
        """
        { "schema": 1, "id": "probe", "version": "1", "summary": "Probes.", "licence": "Apache-2.0", "attribution": "nobody", "kind": "library",
          "entry": ["libprobe.so"], "files": [\(files)],
          "estimators": [ { "id": "probe-faces", "categories": ["Anger", "Fear"], "dimensions": ["valence"], "attributes": ["Age"], "native_labels": ["a", "b"],
                            "batch": 4, "face": { "width": 8, "height": 8, "pixels": "grey", "crop": "box" } },
                          { "id": "probe-voices", "categories": ["Anger"], "native_labels": ["v"], "uses_neutral": true, "voice": {} } ] }
        """
    }

    static func digest(_ bytes: [UInt8]) -> String {
        var hash = SHA256()
        bytes.withUnsafeBytes { hash.update($0) }
        return hash.finish().hexadecimal
    }

    static func compile(_ source: String, to library: String, _ options: [String] = []) throws {
        let file = "\(library).c"
        try source.write(toFile: file, atomically: false, encoding: .utf8)
        let result = try run("cc", ["-std=c99", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-D_DEFAULT_SOURCE", "-I", headers] + options + ["-o", library, file, "-lm"])
        guard result.status == 0 else { throw CallError(.unknown, "cc failed: \(result.words)") }
    }

    static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, words: String) {
        let process = Foundation.Process(), pipe = Foundation.Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let words = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, words)
    }

    // MARK: Asking

    /// Asks about faces that begin with these bytes.
    func ask(_ orders: UInt8..., categories: [String] = [], context: EstimationContext = EstimationContext()) async throws -> [Proto.PluginReading] {
        let request = Proto.PluginFacesRequest(estimator: "probe-faces", faces: orders.map { [$0] + [UInt8](repeating: 51, count: 63) }, categories: categories)
        let endpoint = endpoint
        return try await lanes.run { _ in try endpoint.estimateFaces(request, context).readings }.value
    }

    /// The error of a question.
    func failure(_ order: UInt8 = 0, context: EstimationContext = EstimationContext()) async -> CallError? {
        do {
            _ = try await ask(order, context: context)
            return nil
        } catch {
            return error as? CallError ?? CallError(.unknown, "\(error)")
        }
    }

    /// Asks about a clip of these numbers.
    func ask(_ numbers: [Float], estimator: String = "probe-voices", neutral: [Proto.NativeScore] = []) async throws -> Proto.PluginReading {
        let request = Proto.PluginVoicesRequest(estimator: estimator, clips: [numbers.withUnsafeBytes(Array.init)], neutral: neutral), endpoint = endpoint
        return try await lanes.run { _ in try endpoint.estimateVoices(request, EstimationContext()).readings[0] }.value
    }
}

/// Gives the body a compiled plugin; afterwards nothing of it is left but what is loaded.
func withCompiled(_ source: String?, options: [String] = [], files: [String: [UInt8]] = [:], manifest: String? = nil, _ body: (Compiled) async throws -> Void) async throws {
    try await inTemporaryFolder { path in
        let plugin = try Compiled(source, in: path, options: options, files: files, manifest: manifest)
        do { try await body(plugin) } catch {
            await plugin.endpoint.close()
            throw error
        }
        await plugin.endpoint.close()
    }
}

extension String {
    /// A plugin in C around the functions `look` and `listen`, whose table can be changed by options of the compiler.
    static func plugin(_ functions: String) -> String {
        """
        #include "mien_plugin.h"
        #include <math.h>
        #include <stdio.h>
        #include <string.h>
        #include <unistd.h>
        static const mien_host *host;
        static int opened, closed;
        \(functions)
        #ifndef LOWEST
        #define LOWEST 1
        #endif
        #ifndef HIGHEST
        #define HIGHEST 1
        #endif
        #ifndef SIZE
        #define SIZE sizeof(mien_plugin)
        #endif
        #ifndef FLAGS
        #define FLAGS 0
        #endif
        #ifndef ID
        #define ID "probe"
        #endif
        #ifndef ESTIMATORS
        #define ESTIMATORS 2
        #endif
        static mien_status begin(const mien_host *given, const char *estimator, void **state, char *message, size_t message_size) {
        #ifdef NO_MODEL
            snprintf(message, message_size, "the model of %s is missing", estimator);
            return given && state ? MIEN_NOT_FOUND : MIEN_INVALID;
        #endif
            (void)message, (void)message_size;
            *state = estimator[0] ? &opened : NULL;
            opened++;
            return given == host ? MIEN_OK : MIEN_INVALID;
        }
        static void end(void *state) {
            closed += state == &opened;
        #ifdef CLOSED
            FILE *file = fopen(CLOSED, "a");
            if (file) fputs("closed\\n", file), fclose(file);
        #endif
        }
        static const char *const ids[] = { "probe-voices", "probe-faces" };
        // Longer than the host's.
        static const struct { mien_plugin known; void (*later)(void); } table = { {
            .abi = HIGHEST, .size = SIZE, .lowest_abi = LOWEST, .highest_abi = HIGHEST, .id = ID, .version = "1", .estimators = ids, .estimator_count = ESTIMATORS,
            .flags = FLAGS, .open = begin, .estimate_faces = look, .estimate_voices = listen, .close = end }, 0 };
        #ifndef ENTRY
        #define ENTRY mien_plugin_entry
        MIEN_PLUGIN_EXPORT
        #endif
        const mien_plugin *ENTRY(const mien_host *given) {
            host = given;
            (void)closed;
        #ifdef REFUSES
            return NULL;
        #endif
            return &table.known;
        }
        #ifdef NEEDS
        void NEEDS(void);
        MIEN_PLUGIN_EXPORT void needs(void) { NEEDS(); }
        #endif
        """
    }
}
