(* T9: regret on a box, on every path, without momentum. x_t = clip(x_{t-1} - eta_t g_t) coordinate by coordinate, with
   step sizes eta_t that do not increase; g_t is a subgradient of the convex loss f_t at x_{t-1}. For every u of the box
       sum_t (f_t(x_{t-1}) - f_t(u)) <= sum_i [ D_i^2/(2 eta_{T,i}) + (1/2) sum_t eta_{t,i} g_{t,i}^2 ],
   D_i the width of the box, and with eta_t = alpha/sqrt(t (eps + vhat_t))
     AVGrad   sum_i [ (D_i^2/(2 alpha)) sqrt(T (eps + vbar_{T,i})) + (alpha/sqrt w) sqrt(sum_t g_{t,i}^2) ],
     AMSGrad  sum_i [ (D_i^2/(2 alpha)) sqrt(T (eps + vmax_{T,i}))
                      + (alpha sqrt(1 + ln T)/(2 sqrt w)) sqrt(sum_t g_{t,i}^2) ].
   In Coq the sequences start at 0: g t and eta t belong to the step from x t to x (t+1). *)
From Coq Require Import Reals Lra Lia Psatz.
From Mada Require Import Sums Logarithm RatioSums DecreasingWeights Setting AVGradWeights AVGradRatioSum.
Local Open Scope R_scope.

Definition clip (lo hi z : R) : R := Rmax lo (Rmin hi z).

Fixpoint online (eta g : nat -> vec) (lo hi x0 : vec) (t : nat) : vec :=
  match t with
  | O => x0
  | S t => fun i => clip (lo i) (hi i) (online eta g lo hi x0 t i - eta t i * g t i)
  end.

(* t vbar_t and vmax_t of coordinate i, after the gradients g 0, .., g (t-1). *)
Definition squares (g : nat -> vec) (i : nat) : nat -> R := fun s => (g s i)².
Fixpoint vmax (beta2 : R) (x : nat -> R) (t : nat) : R :=
  match t with O => 0 | S t => Rmax (vmax beta2 x t) (v beta2 x (S t)) end.

Definition avgrad_eta (eps alpha beta2 : R) (g : nat -> vec) (t i : nat) : R :=
  alpha / sqrt (INR (S t) * (eps + tvbar beta2 (squares g i) (S t) / INR (S t))).
Definition amsgrad_eta (eps alpha beta2 : R) (g : nat -> vec) (t i : nat) : R :=
  alpha / sqrt (INR (S t) * (eps + vmax beta2 (squares g i) (S t))).

(* The right sides: the D_i-part and the sum of squares. *)
Definition avgrad_regret_bound (T d : nat) (eps alpha beta2 : R) (lo hi : vec) (g : nat -> vec) : R :=
  sum d (fun i => (hi i - lo i)² / (2 * alpha) * sqrt (INR T * (eps + tvbar beta2 (squares g i) T / INR T))
                  + alpha / sqrt (1 - beta2) * sqrt (sum T (squares g i))).
Definition amsgrad_regret_bound (T d : nat) (eps alpha beta2 : R) (lo hi : vec) (g : nat -> vec) : R :=
  sum d (fun i => (hi i - lo i)² / (2 * alpha) * sqrt (INR T * (eps + vmax beta2 (squares g i) T))
                  + alpha * sqrt (1 + ln (INR T)) / (2 * sqrt (1 - beta2)) * sqrt (sum T (squares g i))).

(* The same where |g| <= G, D the width of the box. *)
Definition avgrad_regret_right (T d D G eps alpha beta2 : R) : R :=
  d * sqrt T * (D² * radius eps G / (2 * alpha) + alpha / sqrt (1 - beta2) * G).
Definition amsgrad_regret_right (T d D G eps alpha beta2 : R) : R :=
  d * sqrt T * (D² * radius eps G / (2 * alpha) + alpha * sqrt (1 + ln T) / (2 * sqrt (1 - beta2)) * G).

Lemma clip_in lo hi z : lo <= hi -> lo <= clip lo hi z <= hi.
Proof.
  intros H. unfold clip. split; [apply Rmax_l | apply Rmax_lub; [auto | apply Rmin_l]].
Qed.

(* Clipping brings no point of the box further away. *)
Lemma clip_closer lo hi z u : lo <= u <= hi -> (clip lo hi z - u)² <= (z - u)².
Proof.
  intros H. unfold clip. apply Rsqr_le_abs_1.
  unfold Rmin, Rmax. repeat destruct (Rle_dec _ _); unfold Rabs; repeat destruct (Rcase_abs _); lra.
Qed.

Section Coordinate.
Variables (x e y : nat -> R) (lo hi u : R).
Hypothesis x0_in : lo <= x O <= hi.
Hypothesis u_in : lo <= u <= hi.
Hypothesis e_pos : forall t, 0 < e t.
Hypothesis e_mono : forall t, e (S t) <= e t.
Hypothesis x_step : forall t, x (S t) = clip lo hi (x t - e t * y t).

Local Lemma x_in t : lo <= x t <= hi.
Proof. destruct t as [|t]; [auto|]. rewrite x_step. apply clip_in. lra. Qed.

Local Lemma distance t : (x t - u)² <= (hi - lo)².
Proof. pose proof (x_in t). apply Rsqr_le_abs_1. unfold Rabs. repeat destruct (Rcase_abs _); lra. Qed.

Local Lemma one_step t : y t * (x t - u) <= ((x t - u)² - (x (S t) - u)²) / (2 * e t) + 1 / 2 * (e t * (y t)²).
Proof.
  pose proof (clip_closer lo hi (x t - e t * y t) u u_in) as H. rewrite <- x_step in H. pose proof (e_pos t) as P.
  apply Rmult_le_reg_r with (2 * e t); [lra|].
  replace ((((x t - u)² - (x (S t) - u)²) / (2 * e t) + 1 / 2 * (e t * (y t)²)) * (2 * e t))
    with ((x t - u)² - (x (S t) - u)² + (e t)² * (y t)²) by (unfold Rsqr; field; lra).
  unfold Rsqr in *. lra.
Qed.

Lemma coordinate_regret T : sum (S T) (fun t => y t * (x t - u))
  <= (hi - lo)² / (2 * e T) + 1 / 2 * sum (S T) (fun t => e t * (y t)²).
Proof.
  assert (H : sum (S T) (fun t => y t * (x t - u)) <= ((hi - lo)² - (x (S T) - u)²) / (2 * e T)
                                                       + 1 / 2 * sum (S T) (fun t => e t * (y t)²)).
  { induction T as [|T IH].
    - simpl. pose proof (one_step 0) as H. pose proof (distance 0) as H0. pose proof (e_pos 0) as P.
      assert (((x 0%nat - u)² - (x 1%nat - u)²) / (2 * e 0%nat) <= ((hi - lo)² - (x 1%nat - u)²) / (2 * e 0%nat)).
      { apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat|]; lra. }
      lra.
    - rewrite !(sum_S (S T)). pose proof (one_step (S T)) as H. pose proof (distance (S T)) as H0.
      pose proof (e_pos T) as P. pose proof (e_pos (S T)) as P'.
      assert (((hi - lo)² - (x (S T) - u)²) / (2 * e T) <= ((hi - lo)² - (x (S T) - u)²) / (2 * e (S T))).
      { apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; [lra|]. specialize (e_mono T). lra. }
      unfold Rdiv in *. lra. }
  apply Rle_trans with (1 := H). apply Rplus_le_compat_r.
  apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; pose proof (e_pos T); lra|].
  pose proof (Rle_0_sqr (x (S T) - u)). lra.
Qed.
End Coordinate.

Section Regret.
Variables (d : nat) (lo hi x0 : vec) (g eta : nat -> vec).
Hypothesis x0_in : forall i, (i < d)%nat -> lo i <= x0 i <= hi i.
Hypothesis eta_pos : forall t i, (i < d)%nat -> 0 < eta t i.
Hypothesis eta_mono : forall t i, (i < d)%nat -> eta (S t) i <= eta t i.
Let X := online eta g lo hi x0.
Variable f : nat -> vec -> R.
Hypothesis f_convex : forall t u, f t u >= f t (X t) + dot d (g t) (fun i => u i - X t i).

Theorem regret T u : (0 < T)%nat -> (forall i, (i < d)%nat -> lo i <= u i <= hi i) ->
  sum T (fun t => f t (X t) - f t u)
  <= sum d (fun i => (hi i - lo i)² / (2 * eta (T - 1)%nat i) + 1 / 2 * sum T (fun t => eta t i * (g t i)²)).
Proof.
  intros HT Hu. apply Rle_trans with (sum T (fun t => sum d (fun i => g t i * (X t i - u i)))).
  - apply sum_le; intros t _. pose proof (f_convex t u) as H. unfold dot in H.
    replace (sum d (fun i => g t i * (X t i - u i))) with (- sum d (fun i => g t i * (u i - X t i))); [lra|].
    rewrite <- (Rmult_1_l (sum d _)), Ropp_mult_distr_l, <- sum_scal. apply sum_ext; intros; ring.
  - rewrite sum_swap. apply sum_le; intros i Hi. destruct T as [|T]; [lia|].
    replace (S T - 1)%nat with T by lia.
    apply (coordinate_regret (fun t => X t i) (fun t => eta t i) (fun t => g t i)); auto.
Qed.
End Regret.

Lemma vmax_up beta2 x M t : 0 <= beta2 <= 1 -> 0 <= M -> (forall t, x t <= M) -> vmax beta2 x t <= M.
Proof.
  intros Hb HM Hx. induction t as [|t IH]; simpl; [auto|]. apply Rmax_lub; [auto|]. apply (v_up beta2 x M (S t)); auto.
Qed.

Lemma vmax_nonneg beta2 x t : 0 <= vmax beta2 x t.
Proof. induction t as [|t IH]; [simpl; lra|]. apply Rle_trans with (1 := IH), Rmax_l. Qed.

Lemma vmax_low beta2 x t : 0 <= beta2 <= 1 -> (forall t, 0 <= x t) -> (1 - beta2) * x t <= vmax beta2 x (S t).
Proof.
  intros Hb Hx. apply Rle_trans with (v beta2 x (S t)); [|apply Rmax_r].
  simpl. pose proof (v_nonneg beta2 x t Hb Hx). nra.
Qed.

Lemma squares_nonneg g i t : 0 <= squares g i t.
Proof. apply Rle_0_sqr. Qed.

Lemma step_mono alpha b b' : 0 < alpha -> 0 < b <= b' -> alpha / sqrt b' <= alpha / sqrt b.
Proof.
  intros Ha Hb. apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; [apply sqrt_lt_R0; lra|].
  apply sqrt_le_1_alt; lra.
Qed.

(* Cauchy-Schwarz against 1, 1/sqrt 2, .., 1/sqrt T. *)
Lemma over_roots T y : (0 < T)%nat -> sum T (fun t => Rabs (y t) * sqrt (/ INR (S t)))
  <= sqrt (sum T (fun t => (y t)²)) * sqrt (1 + ln (INR T)).
Proof.
  intros HT. assert (H1 : 0 <= sum T (fun t => (y t)²)) by (apply sum_nonneg; intros; apply Rle_0_sqr).
  pose proof (harmonic_sum T HT) as H2. rewrite <- sqrt_mult_alt by auto. rewrite <- (sqrt_Rsqr (sum T _)).
  2:{ apply sum_nonneg; intros. apply Rmult_le_pos; [apply Rabs_pos | apply sqrt_pos]. }
  apply sqrt_le_1_alt. apply Rle_trans with (1 := cauchy T _ _). apply Rmult_le_compat.
  - apply sum_nonneg; intros; apply Rle_0_sqr.
  - apply sum_nonneg; intros; apply Rle_0_sqr.
  - right. apply sum_ext; intros t _. rewrite <- Rsqr_abs. reflexivity.
  - apply Rle_trans with (2 := H2). right. apply sum_ext; intros t _. apply Rsqr_sqrt.
    left. apply Rinv_0_lt_compat, INR_S_pos.
Qed.

Section Methods.
Variables (d : nat) (lo hi x0 : vec) (g : nat -> vec) (eps alpha beta2 : R).
Hypothesis x0_in : forall i, (i < d)%nat -> lo i <= x0 i <= hi i.
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis beta2_01 : 0 <= beta2 < 1.
Variable f : nat -> vec -> R.
Variables (T : nat) (u : vec).
Hypothesis T_pos : (0 < T)%nat.
Hypothesis u_in : forall i, (i < d)%nat -> lo i <= u i <= hi i.

(* t (eps + vbar_t) is B of L2 (d). *)
Local Lemma avgrad_b t i : INR (S t) * (eps + tvbar beta2 (squares g i) (S t) / INR (S t))
  = B (squares g i) eps beta2 (S t).
Proof. unfold B. pose proof (INR_S_pos t). field. lra. Qed.

Local Lemma avgrad_eta_b t i : avgrad_eta eps alpha beta2 g t i = alpha / sqrt (B (squares g i) eps beta2 (S t)).
Proof. unfold avgrad_eta. rewrite avgrad_b. reflexivity. Qed.

Lemma avgrad_steps i : 1 / 2 * sum T (fun t => avgrad_eta eps alpha beta2 g t i * (g t i)²)
  <= alpha / sqrt (1 - beta2) * sqrt (sum T (squares g i)).
Proof.
  pose proof (sqrt_lt_R0 (1 - beta2) ltac:(lra)) as Hw.
  apply Rle_trans with
    (1 / 2 * (alpha / sqrt (1 - beta2) * sum T (fun t => squares g i t / sqrt (sum (S t) (squares g i))))).
  - apply Rmult_le_compat_l; [lra|]. rewrite <- sum_scal. apply sum_le; intros t _. rewrite avgrad_eta_b.
    fold (squares g i t). pose proof (squares_nonneg g i t) as H0.
    assert (Hs : 0 <= sum (S t) (squares g i)) by (apply sum_nonneg; intros; apply squares_nonneg).
    destruct (Req_dec (squares g i t) 0) as [Z | NZ]; [rewrite Z; unfold Rdiv; lra|].
    assert (P : 0 < sum (S t) (squares g i)).
    { rewrite sum_S. assert (0 <= sum t (squares g i)) by (apply sum_nonneg; intros; apply squares_nonneg). lra. }
    apply Rle_trans with (alpha / sqrt ((1 - beta2) * sum (S t) (squares g i)) * squares g i t).
    + apply Rmult_le_compat_r; [auto|]. apply step_mono; [auto|]. split; [apply Rmult_lt_0_compat; lra|].
      unfold B. pose proof (pos_INR (S t)).
      pose proof (avgrad_least_weight beta2 (squares g i) (S t) ltac:(lra) (squares_nonneg g i)). nra.
    + right. rewrite sqrt_mult by lra. pose proof (sqrt_lt_R0 _ P). field. lra.
  - pose proof (ratio_root_sum T (squares g i) (squares_nonneg g i)) as H.
    assert (Q : 0 <= alpha / sqrt (1 - beta2)) by (left; apply Rdiv_lt_0_compat; auto). nra.
Qed.

(* For every denominator t h_t with h_t >= (1-beta2) g_t^2. *)
Lemma amsgrad_steps i h : (forall t, 0 < h t) -> (forall t, (1 - beta2) * (g t i)² <= h t) ->
  1 / 2 * sum T (fun t => alpha / sqrt (INR (S t) * h t) * (g t i)²)
  <= alpha * sqrt (1 + ln (INR T)) / (2 * sqrt (1 - beta2)) * sqrt (sum T (squares g i)).
Proof.
  intros h_pos h_low. pose proof (sqrt_lt_R0 (1 - beta2) ltac:(lra)) as Hw.
  (* eta_t g_t^2 <= (alpha/sqrt w) |g_t|/sqrt t, then Cauchy-Schwarz *)
  apply Rle_trans with (1 / 2 * (alpha / sqrt (1 - beta2) * sum T (fun t => Rabs (g t i) * sqrt (/ INR (S t))))).
  - apply Rmult_le_compat_l; [lra|]. rewrite <- sum_scal. apply sum_le; intros t _.
    pose proof (INR_S_pos t) as Ht. pose proof (Rabs_pos (g t i)) as Ha.
    destruct (Req_dec (g t i) 0) as [Z | NZ]; [rewrite Z, Rsqr_0, Rabs_R0; lra|].
    assert (P : 0 < Rabs (g t i)) by (apply Rabs_pos_lt; auto).
    assert (E : (g t i)² = Rabs (g t i) * Rabs (g t i)) by (rewrite Rsqr_abs; reflexivity).
    apply Rle_trans with (alpha / sqrt (INR (S t) * ((1 - beta2) * (g t i)²)) * (g t i)²).
    + apply Rmult_le_compat_r; [apply Rle_0_sqr|]. apply step_mono; [auto|].
      split; [rewrite E; repeat apply Rmult_lt_0_compat; lra|].
      apply Rmult_le_compat_l; [lra | apply h_low].
    + right. rewrite (sqrt_mult_alt (INR (S t))), (sqrt_mult_alt (1 - beta2)) by lra.
      rewrite sqrt_Rsqr_abs, E, sqrt_inv. pose proof (sqrt_lt_R0 _ Ht). field. lra.
  - apply Rle_trans with (1 / 2 * (alpha / sqrt (1 - beta2) * (sqrt (sum T (squares g i)) * sqrt (1 + ln (INR T))))).
    + apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat_l; [left; apply Rdiv_lt_0_compat; auto|].
      apply (over_roots T (fun t => g t i)); auto.
    + right. field. lra.
Qed.

Local Lemma avgrad_regret_of : let X := online (avgrad_eta eps alpha beta2 g) g lo hi x0 in
  (forall t u, f t u >= f t (X t) + dot d (g t) (fun i => u i - X t i)) ->
  sum T (fun t => f t (X t) - f t u) <= avgrad_regret_bound T d eps alpha beta2 lo hi g.
Proof.
  intros X Hf. pose proof (sqrt_lt_R0 (1 - beta2) ltac:(lra)) as Hw.
  assert (Bp : forall i t, 0 < B (squares g i) eps beta2 (S t)) by (intros; apply B_pos; auto using squares_nonneg).
  apply Rle_trans with (1 := regret d lo hi x0 g (avgrad_eta eps alpha beta2 g) x0_in
    ltac:(intros; rewrite avgrad_eta_b; apply Rdiv_lt_0_compat; auto; apply sqrt_lt_R0, Bp)
    ltac:(intros; rewrite !avgrad_eta_b; apply step_mono; auto; split; auto; apply B_mono; auto using squares_nonneg)
    f Hf T u T_pos u_in).
  apply sum_le; intros i _. apply Rplus_le_compat.
  - right. destruct T as [|T']; [lia|]. replace (S T' - 1)%nat with T' by lia. rewrite avgrad_eta_b, avgrad_b.
    pose proof (sqrt_lt_R0 _ (Bp i T')). field. lra.
  - apply avgrad_steps.
Qed.

Local Lemma amsgrad_regret_of : let X := online (amsgrad_eta eps alpha beta2 g) g lo hi x0 in
  (forall t u, f t u >= f t (X t) + dot d (g t) (fun i => u i - X t i)) ->
  sum T (fun t => f t (X t) - f t u) <= amsgrad_regret_bound T d eps alpha beta2 lo hi g.
Proof.
  intros X Hf. pose proof (sqrt_lt_R0 (1 - beta2) ltac:(lra)) as Hw.
  set (b i t := INR (S t) * (eps + vmax beta2 (squares g i) (S t))).
  assert (bp : forall i t, 0 < b i t).
  { intros. unfold b. pose proof (INR_S_pos t). pose proof (vmax_nonneg beta2 (squares g i) (S t)). nra. }
  assert (bm : forall i t, b i t <= b i (S t)).
  { intros. unfold b. rewrite (S_INR (S t)). pose proof (INR_S_pos t).
    pose proof (vmax_nonneg beta2 (squares g i) (S t)).
    assert (vmax beta2 (squares g i) (S t) <= vmax beta2 (squares g i) (S (S t))) by apply Rmax_l. nra. }
  apply Rle_trans with (1 := regret d lo hi x0 g (amsgrad_eta eps alpha beta2 g) x0_in
    ltac:(intros; apply Rdiv_lt_0_compat; auto; apply sqrt_lt_R0, bp)
    ltac:(intros; apply step_mono; auto; split; [apply bp | apply bm])
    f Hf T u T_pos u_in).
  apply sum_le; intros i _. apply Rplus_le_compat.
  - right. destruct T as [|T']; [lia|]. replace (S T' - 1)%nat with T' by lia. unfold amsgrad_eta.
    fold (b i T'). pose proof (sqrt_lt_R0 _ (bp i T')). field. lra.
  - apply (amsgrad_steps i (fun t => eps + vmax beta2 (squares g i) (S t))).
    + intros t. pose proof (vmax_nonneg beta2 (squares g i) (S t)). lra.
    + intros t. pose proof (vmax_low beta2 (squares g i) t ltac:(lra) (squares_nonneg g i)) as Hm.
      unfold squares at 1 in Hm. lra.
Qed.
End Methods.

Section Apriori.
Variables (d : nat) (lo hi : vec) (g : nat -> vec) (D G eps alpha beta2 : R) (T : nat).
Hypothesis g_bnd : forall t i, (i < d)%nat -> Rabs (g t i) <= G.
Hypothesis width : forall i, (i < d)%nat -> 0 <= hi i - lo i <= D.
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis beta2_01 : 0 <= beta2 < 1.
Hypothesis T_pos : (0 < T)%nat.

Local Lemma squares_up i : (i < d)%nat -> forall t, squares g i t <= G².
Proof.
  intros Hi t. unfold squares. pose proof (g_bnd t i Hi) as H. apply Rsqr_le_abs_1. rewrite (Rabs_right G); auto.
  apply Rle_ge, Rle_trans with (2 := H), Rabs_pos.
Qed.

(* Both bounds are increasing in the width, in vhat_T and in the sum of squares. *)
Local Lemma coordinate i vhat C : (i < d)%nat -> 0 <= vhat <= G² -> 0 <= C ->
  (hi i - lo i)² / (2 * alpha) * sqrt (INR T * (eps + vhat)) + C * sqrt (sum T (squares g i))
  <= sqrt (INR T) * (D² * radius eps G / (2 * alpha) + C * G).
Proof.
  intros Hi Hv HC. assert (PT : 0 < INR T) by (apply lt_0_INR; auto). pose proof (sqrt_lt_R0 _ PT) as PsT.
  pose proof (width i Hi) as Hw. assert (HG : 0 <= G) by (apply Rle_trans with (2 := g_bnd 0 i Hi), Rabs_pos).
  assert (HD : (hi i - lo i)² <= D²) by (unfold Rsqr; nra). pose proof (Rle_0_sqr (hi i - lo i)).
  assert (Hr : sqrt (INR T * (eps + vhat)) <= sqrt (INR T) * radius eps G).
  { unfold radius. rewrite <- sqrt_mult by (pose proof (Rle_0_sqr G); lra). apply sqrt_le_1_alt.
    apply Rmult_le_compat_l; lra. }
  assert (Hs : sqrt (sum T (squares g i)) <= sqrt (INR T) * G).
  { rewrite <- (sqrt_Rsqr G) by auto. rewrite <- sqrt_mult by (try apply Rle_0_sqr; lra). apply sqrt_le_1_alt.
    apply sum_le_const. intros t _. apply squares_up; auto. }
  assert (Ha : 0 < / (2 * alpha)) by (apply Rinv_0_lt_compat; lra).
  rewrite (Rmult_plus_distr_l (sqrt (INR T))). apply Rplus_le_compat.
  - replace (sqrt (INR T) * (D² * radius eps G / (2 * alpha))) with (D² / (2 * alpha) * (sqrt (INR T) * radius eps G))
      by (field; lra).
    apply Rmult_le_compat; auto using sqrt_pos.
    + apply Rmult_le_pos; lra.
    + apply Rmult_le_compat_r; lra.
  - replace (sqrt (INR T) * (C * G)) with (C * (sqrt (INR T) * G)) by ring. apply Rmult_le_compat_l; auto.
Qed.

Local Lemma average_up i : (i < d)%nat -> 0 <= tvbar beta2 (squares g i) T / INR T <= G².
Proof.
  intros Hi. assert (PT : 0 < INR T) by (apply lt_0_INR; auto). split.
  - apply Rmult_le_pos; [apply tvbar_nonneg; auto using squares_nonneg | left; apply Rinv_0_lt_compat; auto].
  - apply Rmult_le_reg_r with (INR T); [auto|].
    replace (tvbar beta2 (squares g i) T / INR T * INR T) with (tvbar beta2 (squares g i) T) by (field; lra).
    rewrite Rmult_comm. apply Rle_trans with (1 := avgrad_largest_weight beta2 _ T ltac:(lra) (squares_nonneg g i)).
    apply sum_le_const. intros t _. apply squares_up; auto.
Qed.

Local Lemma avgrad_regret_apriori :
  avgrad_regret_bound T d eps alpha beta2 lo hi g <= avgrad_regret_right (INR T) (INR d) D G eps alpha beta2.
Proof.
  unfold avgrad_regret_right. rewrite Rmult_assoc. apply sum_le_const. intros i Hi.
  pose proof (sqrt_lt_R0 (1 - beta2) ltac:(lra)).
  apply coordinate; auto; [apply average_up; auto | left; apply Rdiv_lt_0_compat; auto].
Qed.

Local Lemma amsgrad_regret_apriori :
  amsgrad_regret_bound T d eps alpha beta2 lo hi g <= amsgrad_regret_right (INR T) (INR d) D G eps alpha beta2.
Proof.
  unfold amsgrad_regret_right. rewrite Rmult_assoc. apply sum_le_const. intros i Hi.
  pose proof (sqrt_lt_R0 (1 - beta2) ltac:(lra)).
  apply coordinate; auto.
  - split; [apply vmax_nonneg | apply vmax_up; [lra | apply Rle_0_sqr | apply squares_up; auto]].
  - apply Rmult_le_pos; [apply Rmult_le_pos; [lra | apply sqrt_pos] | left; apply Rinv_0_lt_compat; lra].
Qed.
End Apriori.

(* In full. The bound by data, and the one for gradients below G on a box of width D. *)
Theorem avgrad_regret_data T d lo hi x0 g f u eps alpha beta2 :
  (forall i, (i < d)%nat -> lo i <= x0 i <= hi i) -> (forall i, (i < d)%nat -> lo i <= u i <= hi i) ->
  0 < eps -> 0 < alpha -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  (forall t u, f t u >= f t (online (avgrad_eta eps alpha beta2 g) g lo hi x0 t)
                        + dot d (g t) (fun i => u i - online (avgrad_eta eps alpha beta2 g) g lo hi x0 t i)) ->
  sum T (fun t => f t (online (avgrad_eta eps alpha beta2 g) g lo hi x0 t) - f t u)
  <= avgrad_regret_bound T d eps alpha beta2 lo hi g.
Proof. intros. apply (avgrad_regret_of d); auto. Qed.

Theorem amsgrad_regret_data T d lo hi x0 g f u eps alpha beta2 :
  (forall i, (i < d)%nat -> lo i <= x0 i <= hi i) -> (forall i, (i < d)%nat -> lo i <= u i <= hi i) ->
  0 < eps -> 0 < alpha -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  (forall t u, f t u >= f t (online (amsgrad_eta eps alpha beta2 g) g lo hi x0 t)
                        + dot d (g t) (fun i => u i - online (amsgrad_eta eps alpha beta2 g) g lo hi x0 t i)) ->
  sum T (fun t => f t (online (amsgrad_eta eps alpha beta2 g) g lo hi x0 t) - f t u)
  <= amsgrad_regret_bound T d eps alpha beta2 lo hi g.
Proof. intros. apply (amsgrad_regret_of d); auto. Qed.

Theorem avgrad_regret T d lo hi x0 g f u D G eps alpha beta2 :
  (forall t i, (i < d)%nat -> Rabs (g t i) <= G) -> (forall i, (i < d)%nat -> 0 <= hi i - lo i <= D) ->
  (forall i, (i < d)%nat -> lo i <= x0 i <= hi i) -> (forall i, (i < d)%nat -> lo i <= u i <= hi i) ->
  0 < eps -> 0 < alpha -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  (forall t u, f t u >= f t (online (avgrad_eta eps alpha beta2 g) g lo hi x0 t)
                        + dot d (g t) (fun i => u i - online (avgrad_eta eps alpha beta2 g) g lo hi x0 t i)) ->
  sum T (fun t => f t (online (avgrad_eta eps alpha beta2 g) g lo hi x0 t) - f t u)
  <= avgrad_regret_right (INR T) (INR d) D G eps alpha beta2.
Proof.
  intros Hg HD Hx Hu He Ha Hb HT Hf.
  apply Rle_trans with (1 := avgrad_regret_data T d lo hi x0 g f u eps alpha beta2 Hx Hu He Ha Hb HT Hf).
  apply avgrad_regret_apriori; auto.
Qed.

Theorem amsgrad_regret T d lo hi x0 g f u D G eps alpha beta2 :
  (forall t i, (i < d)%nat -> Rabs (g t i) <= G) -> (forall i, (i < d)%nat -> 0 <= hi i - lo i <= D) ->
  (forall i, (i < d)%nat -> lo i <= x0 i <= hi i) -> (forall i, (i < d)%nat -> lo i <= u i <= hi i) ->
  0 < eps -> 0 < alpha -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  (forall t u, f t u >= f t (online (amsgrad_eta eps alpha beta2 g) g lo hi x0 t)
                        + dot d (g t) (fun i => u i - online (amsgrad_eta eps alpha beta2 g) g lo hi x0 t i)) ->
  sum T (fun t => f t (online (amsgrad_eta eps alpha beta2 g) g lo hi x0 t) - f t u)
  <= amsgrad_regret_right (INR T) (INR d) D G eps alpha beta2.
Proof.
  intros Hg HD Hx Hu He Ha Hb HT Hf.
  apply Rle_trans with (1 := amsgrad_regret_data T d lo hi x0 g f u eps alpha beta2 Hx Hu He Ha Hb HT Hf).
  apply amsgrad_regret_apriori; auto.
Qed.
