// Encoding: Tokenizer splits off the added tokens (AddedTokens), normalises the rest (Normalizer, Metaspace), converts
// it to UTF-8 and passes it to BytePairEncoding. That class splits it into pieces (Splitters, one class for each
// regular expression). It looks up each piece among the words (WordTable) or merges its symbols, which are bytes or
// characters (Symbols, Merger, MergeTable).
//
// Decoding concatenates the texts of the ids (Vocabulary), which are bytes (ByteDecoder) or characters
// (CharacterDecoder). TokenStream decodes id by id during generation.
//
// TokenizerDefinition is the description of a tokenizer, part by part. TokenizerFiles finds the files, TokenizerJson
// reads a tokenizer.json, with one class for each of its parts, and TokenizerConfig adds a tokenizer_config.json. A
// reader of another format only has to create a definition: byteLevel or sentencePiece, from lists of tokens and of
// merges or scores.

/**
 * Converts text to ids and back by byte-pair encoding, as in GPT-2 and the models of Llama, Mistral, Qwen and SmolLM.
 * The artifact {@code t6j-training} trains tokenizers.
 */
package io.github.t6j.tokenizer;
