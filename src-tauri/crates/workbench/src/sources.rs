//! Source files and what is to classify, one method each.

use crate::view::{
    AddedSourceView, CheckedSourceView, ClassifyPreview, ClassifyRequest, RebuiltView,
    SourceDetailView, SourceFilesView, ToClassifyView,
};
use crate::{Error, Workbench};

impl Workbench {
    /// Makes every row anew whose source file has changed since, and waits for the end.
    pub async fn rebuild(&self, everything: bool) -> Result<RebuiltView, Error> {
        let workspace = self.workspace().await?;
        remake::rebuild(self.bench(), &workspace, everything).await
    }

    /// Paths inside values that no source file classifies, by system. Needs a member who may read
    /// records.
    pub async fn to_classify(&self) -> Result<ToClassifyView, Error> {
        let workspace = self.workspace().await?;
        remake::to_classify(self.bench(), &workspace).await
    }

    /// What a decision about a pattern would do. Changes nothing, shows no value.
    pub async fn classify_preview(
        &self,
        request: ClassifyRequest,
    ) -> Result<ClassifyPreview, Error> {
        let workspace = self.workspace().await?;
        remake::classify_preview(self.bench(), &workspace, request).await
    }

    /// Classifies every hidden path that a pattern takes: the next version of the source file declares
    /// them, the decision is recorded with its reason, and the rows are made anew.
    pub async fn classify(
        &self,
        request: ClassifyRequest,
        reason: String,
        wait: bool,
    ) -> Result<AddedSourceView, Error> {
        let workspace = self.workspace().await?;
        remake::classify(self.bench(), &workspace, request, reason, wait).await
    }

    /// The source files at hand, the newest version of each.
    pub async fn source_files(&self) -> Result<SourceFilesView, Error> {
        let workspace = self.workspace().await?;
        remake::source_files(&workspace).await
    }

    /// One source file in full; without a version, the newest.
    pub async fn source_file(
        &self,
        id: String,
        version: Option<u32>,
    ) -> Result<SourceDetailView, Error> {
        let workspace = self.workspace().await?;
        remake::source_file(&workspace, id, version).await
    }

    /// Reads a source file and says what adding it would do. Changes nothing.
    pub async fn check_source(&self, path: String) -> Result<CheckedSourceView, Error> {
        let workspace = self.workspace().await?;
        remake::check_source_here(&workspace, path).await
    }

    /// Adds a source file. What weakens the version before needs `reason`, by which a custodian
    /// confirms it. With `wait`, the rows of its records are made anew before this returns; else a job
    /// does it.
    pub async fn add_source(
        &self,
        path: String,
        reason: Option<String>,
        wait: bool,
    ) -> Result<AddedSourceView, Error> {
        let workspace = self.workspace().await?;
        remake::add_source(self.bench(), &workspace, path, reason, wait).await
    }

    /// Says that the records of some imports, which name no source file, are of this system; with a
    /// title, the system is new and its source file declares nothing yet.
    pub async fn assign_source(
        &self,
        id: String,
        imports: Vec<u32>,
        title: Option<String>,
        wait: bool,
    ) -> Result<AddedSourceView, Error> {
        let workspace = self.workspace().await?;
        remake::assign_source(self.bench(), &workspace, id, imports, title, wait).await
    }
}
