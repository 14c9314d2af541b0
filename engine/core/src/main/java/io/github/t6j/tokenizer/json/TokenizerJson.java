package io.github.t6j.tokenizer.json;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.Merge;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.Model;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.RankedMerges;
import io.github.t6j.tokenizer.split.AddedToken;
import io.github.t6j.weights.SmallFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Reads a tokenizer.json of Hugging Face's tokenizers library. */
record TokenizerJson(String file, Map<String, Object> json) {
    static TokenizerDefinition read(Path path) {
        String file = path.toString();
        return new TokenizerJson(file, Json.parseObject(SmallFile.read(path, SmallFile.TOKENIZER), file)).read();
    }

    private TokenizerDefinition read() {
        JsonPart model = part("model");
        checkModel(model);
        PreTokenizerJson preTokenizer = new PreTokenizerJson();
        if (json.get("pre_tokenizer") != null) {
            preTokenizer.read(part("pre_tokenizer"));
        }
        String vocabularyName = model.where() + ".vocab";
        Map<String, Integer> vocabulary =
                TokenizerFiles.vocabulary(Json.object(model.get("vocab"), vocabularyName), vocabularyName);
        List<AddedToken> added = addedTokens();
        TokenizerFiles.addEndOfText(vocabulary, added);
        return new TokenizerDefinition(
                vocabularyName,
                vocabulary,
                added,
                preTokenizer.preparation(json.get("normalizer") == null
                        ? List.of()
                        : NormalizerJson.read(part("normalizer"))),
                model(model, preTokenizer.isByteLevel()),
                DecoderJson.read(json.get("decoder"), file + ": decoder", preTokenizer.isByteLevel()),
                json.get("post_processor") == null
                        ? TokenizerDefinition.TextMarks.NONE
                        : PostProcessorJson.read(part("post_processor")));
    }

    private JsonPart part(String key) {
        return JsonPart.of(json.get(key), file + ": " + key);
    }

    private static void checkModel(JsonPart model) {
        model.expectIfThere("type", "BPE"); // missing in GPT-2's own file
        if (!(model.get("dropout") instanceof Number dropout && dropout.doubleValue() == 0)) {
            model.expect("dropout", null);
        }
        model.expectIfThere("continuing_subword_prefix", "");
        model.expectIfThere("end_of_word_suffix", "");
    }

    private static Model model(JsonPart json, boolean byteLevel) {
        if (byteLevel) {
            json.expectIfThere("byte_fallback", false);
        }
        String merges = json.where() + ".merges";
        return new Model(
                byteLevel,
                new RankedMerges(merges, merges(Json.array(json.get("merges"), merges), merges)),
                json.flag("ignore_merges", false),
                json.flag("byte_fallback", false),
                json.get("unk_token") == null ? null : json.text("unk_token"),
                json.flag("fuse_unk", false));
    }

    private static List<Merge> merges(List<Object> list, String name) {
        List<Merge> merges = new ArrayList<>(list.size());
        int place = 0;
        for (Object merge : list) {
            String where = name + "[" + place++ + "]";
            if (merge instanceof String line) {
                if (!line.startsWith("#version")) {
                    merges.add(TokenizerFiles.merge(line, where));
                }
            } else if (merge instanceof List<?> pair && pair.size() == 2
                    && pair.get(0) instanceof String left && pair.get(1) instanceof String right) {
                merges.add(new Merge(left, right));
            } else {
                throw new ModelFormatException(where + ": expected \"a b\" or [\"a\", \"b\"], found " + merge);
            }
        }
        return merges;
    }

    private List<AddedToken> addedTokens() {
        List<AddedToken> tokens = new ArrayList<>();
        if (json.get("added_tokens") != null) {
            for (Object element : Json.array(json.get("added_tokens"), file + ": added_tokens")) {
                tokens.add(addedToken(JsonPart.of(element, file + ": added_tokens[" + tokens.size() + "]")));
            }
        }
        return tokens;
    }

    private static AddedToken addedToken(JsonPart json) {
        String content = json.text("content");
        if (content.length() > AddedToken.LONGEST) {
            throw json.error("content", "at most " + AddedToken.LONGEST + " characters");
        }
        return new AddedToken(
                content,
                TokenizerFiles.id(json.get("id"), json.where(), content),
                json.flag("special", false) || content.equals(TokenizerDefinition.END_OF_TEXT),
                json.flag("single_word", false),
                json.flag("lstrip", false),
                json.flag("rstrip", false),
                json.flag("normalized", false));
    }
}
