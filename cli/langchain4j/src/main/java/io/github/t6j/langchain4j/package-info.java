/** Models of t6j as chat models of LangChain4j, in the same process. */
package io.github.t6j.langchain4j;
