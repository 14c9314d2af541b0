/** Models of t6j as chat and embedding models of LangChain4j, in the same process. */
package io.github.t6j.langchain4j;
