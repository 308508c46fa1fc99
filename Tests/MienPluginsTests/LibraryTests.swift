import Foundation
import MienEstimation
import MienHost
import MienMessages
import MienWire
import Synchronization
import TestSupport
import Testing

@testable import MienPlugins

/// Real libraries, compiled here. What a face begins with says what the plugin does.
@Suite("a plugin in a library", .enabled(if: Compiled.isPossible, "there is no C compiler"), .timeLimit(.minutes(3)))
struct LibraryTests {
    private static let source = String.plugin("""
        static mien_answer *stale;
        static int running, most;
        static void count(void *context, size_t begin, size_t end) { for (size_t i = begin; i < end; i++) ((unsigned char *)context)[i]++; }

        static mien_status look(void *state, const mien_question *question, mien_answer *answer, char *message, size_t message_size) {
            const mien_scale scale = { 0, 10, "ten" };
            const char *const labels[] = { "a", "b" };
            if (state != &opened) return MIEN_INVALID;
            switch (question->faces[0].pixels[0]) {
            case 0:
                for (size_t i = 0; i < question->face_count; i++) {
                    const mien_face *face = &question->faces[i];
                    host->add_category(answer, i, "Fear", 0.25f);
                    host->add_category(answer, i, "Anger", face->pixels[63] / 255.0f);
                    host->set_category_native(answer, i, "Anger", 2, &scale);
                    host->set_category_number(answer, i, "Anger", MIEN_CALIBRATED_PROBABILITY, 0.5f);
                    host->set_category_number(answer, i, "Anger", MIEN_ABOVE_NEUTRAL, -1);
                    host->set_category_number(answer, i, "Anger", MIEN_RATER_RELIABILITY, 0.75f);
                    host->add_dimension(answer, i, "valence", -0.5f);
                    host->add_attribute(answer, i, "Age", (float)(face->width * face->height * face->channels), &scale, "young", "old");
                    host->set_attribute_above_neutral(answer, i, "Age", 3);
                    host->add_native_score(answer, i, "a", (float)i);
                    host->add_native_score(answer, i, "b", (float)question->face_count);
                    host->set_prediction_set(answer, i, labels, 2, 0.9f);
                    host->add_warning(answer, i, "FACE_DARK", "the face is d\\303\\274ster");
                }
                return MIEN_OK;
            case 1: snprintf(message, message_size, "I do not\\n like \\377 this face"); return MIEN_FAILED;
            case 2: host->add_category(answer, 0, "Anger", NAN); return MIEN_OK;
            case 3: {
                char long_text[502];
                memset(long_text, 'x', 501);
                long_text[501] = 0;
                const mien_scale nameless = { 0, 1, NULL };
                const char *const holes[] = { "a", NULL };
                const mien_status got[] = {
                    host->add_category(NULL, 0, "Anger", 1), host->add_category((mien_answer *)&scale, 0, "Anger", 1), host->add_category(answer, 99, "Anger", 1),
                    host->add_category(answer, SIZE_MAX, "Anger", 1), host->add_category(answer, 0, NULL, 1), host->add_category(answer, 0, "\\377", 1),
                    host->add_category(answer, 0, long_text, 1), host->add_attribute(answer, 0, "Age", 1, NULL, "a", "b"),
                    host->add_attribute(answer, 0, "Age", 1, &nameless, "a", "b"), host->add_attribute(answer, 0, "Age", 1, &scale, NULL, "b"),
                    host->set_category_native(answer, 0, "Anger", 1, &scale), host->set_prediction_set(answer, 0, NULL, 1, 1),
                    host->set_prediction_set(answer, 0, holes, 2, 1), host->set_prediction_set(answer, 0, holes, SIZE_MAX, 1),
                    host->set_attribute_above_neutral(answer, 0, "Age", 1), host->add_warning(answer, 0, "A", NULL), host->parallel_for(host, 3, NULL, NULL),
                    host->parallel_for(NULL, 3, count, NULL), host->parallel_for(host, SIZE_MAX, count, NULL), host->matrix_free(host, NULL),
                    host->matrix_multiply(host, (const mien_matrix *)(uintptr_t)77, NULL, 1, NULL), host->network_free(host, (mien_network *)(uintptr_t)77),
                    host->network_run(NULL, NULL, NULL, 0, NULL, 0, message, message_size), host->network_run(question, NULL, NULL, 0, NULL, 0, NULL, 0),
                    host->file_map(host, NULL, NULL, NULL, 0), host->file_unmap(host, NULL), host->network_open(host, "x.onnx", NULL, NULL, 0),
                    host->resize(host, 0, NULL, 1, 1, 1, NULL, 1, 1), host->log_mel(host, NULL, 160, 80, 0, NULL, 80), host->log_mel(host, NULL, 160, 80, 0, NULL, 81),
                    host->matrix_pack(host, NULL, NULL, 2, 2, MIEN_F32, NULL), host->network_convolution(host, NULL, NULL, NULL, 0),
                };
                host->log(NULL, MIEN_INFO, "x"), host->log(host, 99, "x"), host->log(host, MIEN_INFO, NULL);
                for (size_t i = 0; i < sizeof got / sizeof *got; i++) host->add_native_score(answer, 0, "s", (float)got[i]);
                int last = MIEN_OK;
                for (int i = 0; i < 41; i++) last = host->add_category(answer, 0, "Anger", 1);
                host->add_native_score(answer, 0, "many", (float)last);
                host->add_native_score(answer, 0, "none", (float)host->is_cancelled(NULL) + (float)host->time_left(NULL));
                return MIEN_OK;
            }
            case 4:
                while (!host->is_cancelled(question)) usleep(1000);
                return MIEN_CANCELLED;
            case 5: {
                const int now = __sync_add_and_fetch(&running, 1);
                if (now > most) most = now;
                usleep(30000);
                __sync_sub_and_fetch(&running, 1);
                host->add_native_score(answer, 0, "most", (float)most);
                return MIEN_OK;
            }
            case 6: host->add_native_score(answer, 0, "left", (float)host->time_left(question)); return MIEN_OK;
            case 8: stale = answer; return MIEN_OK;
            case 9: return host->add_category(stale, 0, "Anger", 1);
            case 10: return MIEN_CANCELLED;
            case 11: {
                unsigned char *one = host->scratch(question, 100000), *other = host->scratch(question, 1);
                memset(one, 1, 100000);
                *other = 2;
                host->add_native_score(answer, 0, "aligned", (float)((uintptr_t)one % 64 + (uintptr_t)other % 64));
                host->add_native_score(answer, 0, "none", (float)(host->scratch(question, 0) || host->scratch(NULL, 8) || host->scratch(question, SIZE_MAX)));
                host->add_native_score(answer, 0, "much", (float)(host->scratch(question, (size_t)1 << 30) != NULL));
                return MIEN_OK;
            }
            case 12: {
                unsigned char counts[1000] = { 0 };
                int wrong = host->parallel_for(host, 1000, count, counts) + host->parallel_for(host, 0, count, NULL);
                for (int i = 0; i < 1000; i++) wrong += counts[i] != 1;
                host->add_native_score(answer, 0, "wrong", (float)wrong);
                host->add_native_score(answer, 0, "threads", (float)host->threads);
                return MIEN_OK;
            }
            case 13:
                host->add_warning(answer, 0, "A", question->estimator);
                for (size_t i = 0; i < question->category_count; i++) host->add_warning(answer, 0, "B", question->categories[i]);
                host->log(host, MIEN_NOTICE, "hello");
                host->add_native_score(answer, 0, "size", (float)(question->size == sizeof *question && question->abi == 1 && host->size == sizeof *host && host->abi == 1));
                host->add_native_score(answer, 0, "has", (float)(MIEN_HAS(mien_host, host, matrix_free) && MIEN_HAS(mien_question, question, neutral_count)));
                host->add_native_score(answer, 0, "voices", (float)question->clip_count);
                return MIEN_OK;
            case 14: return 1234;
            case 15: return MIEN_NO_MEMORY;
            default: return MIEN_UNSUPPORTED;
            }
        }

        static mien_status listen(void *state, const mien_question *question, mien_answer *answer, char *message, size_t message_size) {
            (void)state, (void)message, (void)message_size;
            for (size_t i = 0; i < question->neutral_count; i++) host->add_native_score(answer, 0, question->neutral[i].label, question->neutral[i].score);
            for (size_t i = 0; i < question->clips[0].count; i++) host->add_native_score(answer, 0, "v", question->clips[0].samples[i]);
            return question->clips[0].rate == 16000 ? MIEN_OK : MIEN_INVALID;
        }
        """)

    // MARK: Answers

    @Test("answers, and everything that it says arrives") func answers() async throws {
        try await withCompiled(Self.source) { plugin in
            let readings = try await plugin.ask(0, 200)
            let read = try PluginReader(plugin.folder.manifest.estimators[0]).read(Proto.PluginReadings(readings: readings), count: 2)
            for (index, reading) in read.enumerated() {
                #expect(reading.categories.map(\.category.name) == ["Fear", "Anger"] && reading.categories.map(\.intensity) == [0.25, 0.2])
                let anger = reading.categories[1]
                #expect(anger.nativeScore == 2 && anger.nativeScale == NativeScale(minimum: 0, maximum: 10, meaning: "ten"))
                #expect(anger.calibratedProbability == 0.5 && anger.aboveNeutral == -1 && anger.raterReliability == 0.75)
                #expect(reading.dimensions.map(\.dimension) == [.valence] && reading.dimensions.map(\.value) == [-0.5])
                #expect(reading.attributes.map(\.value) == [64] && reading.attributes[0].lowEnd == "young" && reading.attributes[0].highEnd == "old" && reading.attributes[0].aboveNeutral == 3)
                #expect(reading.nativeScores.map(\.score) == [Float(index), 2])
                #expect(reading.predictionSet == PredictionSet(labels: ["a", "b"], coverage: 0.9))
                #expect(reading.warnings == [EstimateWarning(reason: "FACE_DARK", message: "the face is düster")])
            }
            let voice = try await plugin.ask([0.5, -1, 0.25], neutral: [Proto.NativeScore(label: "n", score: 7)])
            #expect(voice.nativeScores.map(\.score) == [7, 0.5, -1, 0.25])
        }
    }

    @Test("sees what is asked, and the host's log what it says") func question() async throws {
        try await withCompiled(Self.source) { plugin in
            var lines = plugin.log.watch(level: 4).makeAsyncIterator()
            let reading = try await plugin.ask(13, categories: ["Anger", "Fear"])[0]
            #expect(reading.warnings.map(\.message) == ["probe-faces", "Anger", "Fear"])
            #expect(reading.nativeScores.map(\.score) == [1, 1, 0])
            let line = await lines.next()
            #expect(line?.message == "hello" && line?.source == "plugin/probe" && line?.level == 4)
        }
    }

    @Test("that gives numbers that are none is found out") func notFinite() async throws {
        try await withCompiled(Self.source) { plugin in
            let readings = try await plugin.ask(2)
            let error = #expect(throws: CallError.self) { try PluginReader(plugin.folder.manifest.estimators[0]).read(Proto.PluginReadings(readings: readings), count: 1) }
            #expect(error?.reason == "PLUGIN_ANSWER_INVALID")
        }
    }

    @Test("may pass nonsense, and is told so") func nonsense() async throws {
        try await withCompiled(Self.source) { plugin in
            let scores = try await plugin.ask(3)[0].nativeScores
            let invalid: Float = 2, much: Float = 3, unknown: Float = 4
            let expected = [Float](repeating: invalid, count: 10) + [unknown, invalid, invalid, much, unknown, invalid, invalid, invalid, much]
                + [Float](repeating: invalid, count: 13) + [much, 1]
            #expect(scores.map(\.score) == expected)
            _ = try await plugin.ask(8)
            #expect(await plugin.failure(9)?.fact("plugin_status") == "2")
        }
    }

    @Test("fails with its own words and a status", arguments: [
        (1, .internalError, "I do not  like \u{FFFD} this face", "1"), (10, .internalError, "but somebody does", "6"), (14, .internalError, "status 1234, which has no meaning", "1234"),
        (15, .resourceExhausted, "no memory", "5"), (16, .unimplemented, "does not do that", "7"),
    ] as [(UInt8, StatusCode, String, String)])
    func fails(order: UInt8, code: StatusCode, words: String, status: String) async throws {
        try await withCompiled(Self.source) { plugin in
            let error = await plugin.failure(order)
            #expect(error?.code == code && error?.reason == "PLUGIN_ERROR" && error?.message.contains(words) == true && error?.fact("plugin_status") == status, "\(String(describing: error))")
            let next = try await plugin.ask(0)
            #expect(next.count == 1)
        }
    }

    @Test("is asked only what it can be asked") func wrongQuestions() async throws {
        try await withCompiled(Self.source) { plugin in
            let endpoint = plugin.endpoint, context = EstimationContext()
            func code(_ body: () throws -> Proto.PluginReadings) -> StatusCode? { #expect(throws: CallError.self) { _ = try body() }?.code }
            #expect(code { try endpoint.estimateFaces(Proto.PluginFacesRequest(estimator: "probe-voices", faces: [[1]]), context) } == .notFound)
            #expect(code { try endpoint.estimateFaces(Proto.PluginFacesRequest(estimator: "probe-faces", faces: [[1]]), context) } == .invalidArgument)
            #expect(code { try endpoint.estimateFaces(Proto.PluginFacesRequest(estimator: "probe-faces", faces: []), context) } == .invalidArgument)
            #expect(code { try endpoint.estimateVoices(Proto.PluginVoicesRequest(estimator: "probe-voices", clips: [[1, 2, 3]]), context) } == .invalidArgument)
            #expect(code { try endpoint.estimateVoices(Proto.PluginVoicesRequest(estimator: "nobody", clips: [[1, 2, 3, 4]]), context) } == .notFound)
            let error = #expect(throws: CallError.self) { try endpoint.warm(Proto.WarmPluginRequest(estimator: "nobody"), context) }
            #expect(error?.code == .notFound)
        }
    }

    // MARK: Time and threads

    @Test("learns that nobody waits any more, and how long somebody will") func cancellation() async throws {
        try await withCompiled(Self.source) { plugin in
            let begin = ContinuousClock.now
            await #expect(throws: CancellationError.self) {
                _ = try await plugin.ask(4, context: EstimationContext(isCancelled: { ContinuousClock.now - begin > .milliseconds(50) }))
            }
            let ever = try await plugin.ask(6)[0].nativeScores[0].score
            #expect(ever == Float(Int64.max))
            let left = try await plugin.ask(6, context: EstimationContext(deadline: .now + .seconds(2)))[0].nativeScores[0].score
            #expect(left > 1e6 && left <= 2e6)
            #expect(try await plugin.ask(6, context: EstimationContext(deadline: .now - .seconds(2)))[0].nativeScores[0].score == 0)
        }
    }

    @Test("is asked several questions at once only if it says that it may be", arguments: [(0, 1...1), (1, 2...4)] as [(Int, ClosedRange<Int>)])
    func several(flags: Int, most: ClosedRange<Int>) async throws {
        try await withCompiled(Self.source, options: ["-DFLAGS=\(flags)"]) { plugin in
            let seen = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 { group.addTask { Int(try await plugin.ask(5)[0].nativeScores[0].score) } }
                return try await group.reduce(0) { max($0, $1) }
            }
            #expect(most.contains(seen), "\(seen)")
        }
    }

    @Test("does not hold up those who give up waiting for it") func impatience() async throws {
        try await withCompiled(Self.source) { plugin in
            let hasBegun = Atomic<Bool>(false), isEnough = Atomic<Bool>(false)
            async let first = plugin.failure(4, context: EstimationContext(isCancelled: {
                hasBegun.store(true, ordering: .relaxed)
                return isEnough.load(ordering: .relaxed)
            }))
            while !hasBegun.load(ordering: .relaxed) { try await Task.sleep(for: .milliseconds(1)) }
            let begin = ContinuousClock.now
            await #expect(throws: CancellationError.self) {
                _ = try await plugin.ask(0, context: EstimationContext(isCancelled: { ContinuousClock.now - begin > .milliseconds(20) }))
            }
            isEnough.store(true, ordering: .relaxed)
            #expect(await first?.message == "CancellationError()")
            let next = try await plugin.ask(0)
            #expect(next.count == 1)
        }
    }

    @Test("gets memory and threads") func resources() async throws {
        try await withCompiled(Self.source) { plugin in
            #expect(try await plugin.ask(11)[0].nativeScores.map(\.score) == [0, 0, 0])
            let scores = try await plugin.ask(12)[0].nativeScores.map(\.score)
            #expect(scores[0] == 0 && scores[1] >= 1)
        }
    }

    // MARK: Loading

    @Test("can be written in C99 and in C++11 with the header alone") func header() throws {
        try inTemporaryFolder { path in
            for (compiler, standard, name) in [("cc", "c99", "a.c"), ("c++", "c++11", "a.cpp")] {
                guard (try? Compiled.run(compiler, ["--version"]))?.status == 0 else { continue }
                try "#include <mien_plugin.h>\nextern int a;\n".write(toFile: "\(path)/\(name)", atomically: false, encoding: .utf8)
                let result = try Compiled.run(compiler, ["-std=\(standard)", "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", "-I", Compiled.headers, "\(path)/\(name)"])
                #expect(result.status == 0, "\(result.words)")
            }
        }
    }

    @Test("says who it is, and lets go of all it has opened") func life() async throws {
        try await inTemporaryFolder { path in
            let note = "\(path)/closed.txt"
            try await withCompiled(Self.source, options: ["-DCLOSED=\"\(note)\""]) { plugin in
                #expect(try plugin.endpoint.describe(EstimationContext()).estimators.map(\.id) == ["probe-voices", "probe-faces"])
                #expect(plugin.endpoint.obstacle == nil)
                _ = try await plugin.ask(0)
                _ = try await plugin.ask(0)
                _ = try await plugin.ask([1])
                await plugin.endpoint.close()
                let error = await plugin.failure()
                #expect(error?.code == .unavailable)
            }
            #expect(try String(contentsOfFile: note, encoding: .utf8) == "closed\nclosed\n")
        }
    }

    @Test("that cannot be used says why", arguments: [
        (["-DENTRY=other"], "LIBRARY_NO_ENTRY", "does not export mien_plugin_entry"), (["-DREFUSES"], "LIBRARY_REFUSED", "does not want to work with this host"),
        (["-DLOWEST=2", "-DHIGHEST=3"], "LIBRARY_ABI_DIFFERS", "speaks version 2 to 3 of the ABI, and this host version 1; a newer host is needed"),
        (["-DLOWEST=0", "-DHIGHEST=0"], "LIBRARY_ABI_DIFFERS", "built anew"), (["-DLOWEST=3", "-DHIGHEST=2"], "LIBRARY_TABLE_INVALID", "which are none"),
        (["-DSIZE=12"], "LIBRARY_TABLE_INVALID", "too small"), (["-DSIZE=16"], "LIBRARY_TABLE_INVALID", "0 estimators"),
        (["-DSIZE=offsetof(mien_plugin, estimate_voices)"], "LIBRARY_TABLE_INVALID", "no estimate_voices, which probe-voices needs"),
        (["-DSIZE=offsetof(mien_plugin, estimate_voices)+4"], "LIBRARY_TABLE_INVALID", "no estimate_voices"), (["-DID=NULL"], "LIBRARY_TABLE_INVALID", "id is NULL"),
        (["-DID=\"other\""], "PLUGIN_DESCRIPTION_DIFFERS", "its id is \"other\""), (["-DESTIMATORS=1"], "PLUGIN_DESCRIPTION_DIFFERS", "the list of its estimators"),
        (["-DNO_MODEL"], "LIBRARY_OPEN_FAILED", "the model of probe-faces is missing"), (["-DNEEDS=what_nobody_has"], "LIBRARY_UNLOADABLE", "what_nobody_has"),
    ] as [([String], String, String)])
    func unusable(options: [String], reason: String, words: String) async throws {
        try await withCompiled(Self.source, options: options) { plugin in
            let error = await plugin.failure()
            #expect(error?.code == .failedPrecondition && error?.reason == reason && error?.message.contains(words) == true, "\(String(describing: error))")
        }
    }

    @Test("that is older or newer, and speaks the host's version too, works", arguments: [
        ["-DLOWEST=0"], ["-DHIGHEST=7"], ["-DSIZE=sizeof(mien_plugin)+8", "-DHIGHEST=2"], ["-DSIZE=offsetof(mien_plugin, close)"],
    ])
    func otherVersions(options: [String]) async throws {
        try await withCompiled(Self.source, options: options) { plugin in
            let readings = try await plugin.ask(0, 0)
            #expect(readings.count == 2)
        }
    }

    @Test("that is no library, is missing, is a link, has changed or can be written by all is not loaded") func files() async throws {
        func failure(_ plugin: Compiled) async -> String { await plugin.failure().map { "\($0.reason): \($0.message)" } ?? "" }
        try await withCompiled(nil) { plugin in
            #expect(await failure(plugin).contains("LIBRARY_UNLOADABLE: plugin probe cannot be used: \(plugin.path)/libprobe.so cannot be opened"))
            let library = "\(plugin.path)/libprobe.so"
            try "not a library".write(toFile: library, atomically: false, encoding: .utf8)
            #expect(await failure(plugin).contains("LIBRARY_UNLOADABLE"))
            try FileManager.default.removeItem(atPath: library)
            try Compiled.compile(Self.source, to: "\(plugin.path)/libother.so")
            try FileManager.default.createSymbolicLink(atPath: library, withDestinationPath: "libother.so")
            #expect(await failure(plugin).contains("symbolic link"))
            try FileManager.default.removeItem(atPath: library)
            try FileManager.default.moveItem(atPath: "\(plugin.path)/libother.so", toPath: library)
            #expect(chmod(library, 0o777) == 0)
            #expect(await failure(plugin).contains("can be written by everybody"))
            #expect(chmod(library, 0o755) == 0)
            #expect(try await plugin.ask(0).count == 1)
        }
        try await withCompiled(Self.source, files: ["a.bin": [1, 2]]) { plugin in
            try Data([1, 3]).write(to: URL(filePath: "\(plugin.path)/a.bin"))
            #expect(await failure(plugin).contains("PLUGIN_FILE_CHANGED"))
        }
    }
}
